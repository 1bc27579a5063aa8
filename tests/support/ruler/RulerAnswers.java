import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.BufferedReader;
import java.io.InputStreamReader;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import software.amazon.event.ruler.JsonRuleCompiler;
import software.amazon.event.ruler.Machine;
import software.amazon.event.ruler.Ruler;

/**
 * Asks AWS Event Ruler. Each line of standard input is a JSON array of a pattern and an event, both as
 * text; each line of output is one of: refused (the pattern), fails (an exception while matching), yes, no;
 * then whether Ruler.matchesRule said otherwise than the Machine.
 */
public final class RulerAnswers {
  public static void main(String[] arguments) throws Exception {
    ObjectMapper json = new ObjectMapper();
    BufferedReader in =
        new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
    PrintStream out = new PrintStream(System.out, false, StandardCharsets.UTF_8);
    for (String line = in.readLine(); line != null; line = in.readLine()) {
      JsonNode pair = json.readTree(line);
      out.println(answer(pair.get(0).asText(), pair.get(1).asText()));
    }
    out.flush();
  }

  private static String answer(String pattern, String event) {
    if (JsonRuleCompiler.check(pattern) != null) {
      return "refused";
    }
    try {
      Machine machine = new Machine();
      machine.addRule("rule", pattern);
      boolean matched = !machine.rulesForJSONEvent(event).isEmpty();
      boolean alone = Ruler.matchesRule(event, pattern);
      return (matched ? "yes" : "no") + (matched == alone ? "" : " otherwise");
    } catch (Exception | Error fault) {
      return "fails";
    }
  }
}
