#include "generated_events.h"

#include <string>

namespace aev::analytics {
namespace {

constexpr std::int64_t kHourNs = 3'600'000'000'000;

class Generator {
 public:
  Generator(std::mt19937_64& random, std::int64_t now_ns) : random_(random), now_ns_(now_ns) {}

  sdk::FakeEvent next(std::uint64_t seq) {
    sdk::FakeEvent event;
    event.seq = seq;
    event.source = "generator";
    event.debate_id = one_of({"", "d1", "d2", "d3", "d4", "d5", "d6", "d7"});
    event.time_unix_ns = time();
    event.event_type = one_of({"debate_start", "debate_end", "round_start", "agent_message",
                               "agent_message", "critique", "vote", "vote", "consensus",
                               "synthesis", "agent_error", "error", "token_delta", "heartbeat"});
    event.data = data(event.event_type);
    if (chance(30)) {
      event.attributes.emplace_back("agent", quoted(agent()));
    }
    if (chance(30)) {
      event.attributes.emplace_back("round", one_of({"0", "1", "2", "9", "-3", "\"4\"", "null"}));
    }
    if (chance(3)) {
      event.data = one_of({"", "{", "[1]", "3", "null"});
    }
    if (chance(2)) {
      event.content_type = "text/plain";
    }
    return event;
  }

 private:
  bool chance(unsigned percent) { return random_() % 100 < percent; }

  std::string one_of(std::initializer_list<const char*> texts) {
    return *(texts.begin() + random_() % texts.size());
  }

  static std::string quoted(const std::string& text) { return "\"" + text + "\""; }

  std::string agent() { return one_of({"ada", "bob", "cleo", "dan", "Zo\\u00eb"}); }

  /// Hours ago: in every granularity, without minutes, without hours, without its debate.
  std::int64_t time() {
    static constexpr std::pair<std::int64_t, std::int64_t> kSpans[] = {
        {0, 40}, {0, 40}, {72, 1200}, {1700, 7000}, {12'000, 20'000}};
    const auto& [from, to] = kSpans[random_() % std::size(kSpans)];
    const auto width = static_cast<std::uint64_t>((to - from) * kHourNs);
    return now_ns_ - from * kHourNs - static_cast<std::int64_t>(random_() % width);
  }

  void add(std::string& out, unsigned percent, const std::string& name, const std::string& json) {
    if (chance(percent)) {
      out += (out.size() == 1 ? "\"" : ",\"") + name + "\":" + json;
    }
  }

  std::string boolean() { return one_of({"true", "false", "true", "false", "null", "\"yes\""}); }

  std::string rounds() { return one_of({"1", "2", "3", "5", "4.0", "2.5", "-1", "null", "\"3\""}); }

  std::string fraction() { return one_of({"0", "0.5", "0.91", "1", "null", "\"high\"", "-0.5"}); }

  std::string data(const std::string& type) {
    std::string out = "{";
    add(out, 20, "debate_id", one_of({"\"d1\"", "\"d2\"", "7", "\"\""}));
    if (type == "debate_start") {
      add(out, 50, "question", "\"Which?\"");
      add(out, 50, "task", "\"What for?\"");
      add(out, 60, "agents",
          one_of({"[\"ada\",\"bob\"]", "[{\"name\":\"cleo\"},3,\"\"]", "\"ada\"", "[]"}));
      add(out, 60, "domain", one_of({"\"law\"", "\"software\"", "\"\"", "1"}));
      add(out, 40, "consensus_type", one_of({"\"majority\"", "\"unanimous\"", "{}"}));
      add(out, 40, "protocol", one_of({"\"judge\"", "null"}));
      add(out, 50, "rounds", rounds());
    } else if (type == "debate_end") {
      add(out, 50, "reached", boolean());
      add(out, 50, "consensus_reached", boolean());
      add(out, 50, "confidence", fraction());
      add(out, 40, "rounds", rounds());
      add(out, 40, "rounds_used", rounds());
      add(out, 40, "duration", one_of({"12.5", "100", "-4", "\"long\""}));
      add(out, 40, "duration_seconds", one_of({"33.25", "7", "null"}));
      add(out, 60, "winner_agent", one_of({"\"ada\"", "\"bob\"", "null", "\"nobody\""}));
      add(out, 10, "cancelled", boolean());
      add(out, 10, "success", boolean());
      add(out, 15, "status", one_of({"\"ok\"", "\"timeout\"", "\"canceled\"", "5"}));
      add(out, 8, "error", one_of({"\"broke\"", "\"\"", "null", "{}"}));
    } else if (type == "vote") {
      add(out, 50, "voter_agent", quoted(agent()));
      add(out, 50, "agent", quoted(agent()));
      add(out, 50, "vote", one_of({"\"ada\"", "\"bob\"", "\"option b\"", "1"}));
      add(out, 50, "voted_for", one_of({"\"cleo\"", "\"option a\"", "null"}));
    } else if (type == "consensus") {
      add(out, 50, "reached", boolean());
      add(out, 50, "consensus_reached", boolean());
      add(out, 60, "confidence", fraction());
      add(out, 20, "is_convergence_check", "true");
    } else if (type == "critique") {
      add(out, 50, "critic_agent", quoted(agent()));
      add(out, 50, "agent", quoted(agent()));
      add(out, 50, "target", quoted(agent()));
    } else {
      add(out, 70, "agent", one_of({"\"ada\"", "\"bob\"", "\"cleo\"", "null", "[]", "\"\""}));
      add(out, 50, "recoverable", boolean());
      add(out, 50, "error_type", "\"timeout\"");
    }
    if (type != "debate_start" && type != "debate_end") {
      add(out, 40, "round", rounds());
      add(out, 40, "round_number", rounds());
    }
    add(out, 50, "content", "\"a \\\"quoted\\\" word, \\u20ac\"");
    return out + "}";
  }

  std::mt19937_64& random_;
  const std::int64_t now_ns_;
};

}  // namespace

std::vector<sdk::FakeEvent> generate_events(std::mt19937_64& random,
                                            std::size_t count,
                                            std::int64_t now_ns) {
  Generator generator(random, now_ns);
  std::vector<sdk::FakeEvent> events;
  for (std::uint64_t seq = 1; seq <= count; ++seq) {
    events.push_back(generator.next(seq));
    events.back().id = "e" + std::to_string(seq);
  }
  return events;
}

}  // namespace aev::analytics
