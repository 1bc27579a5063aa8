#pragma once

#include <algorithm>
#include <random>
#include <string>
#include <string_view>
#include <vector>

namespace aev::test {

/// Patterns with every operator, and events, over vocabularies so small that they often meet.
class GeneratedRoutes {
 public:
  explicit GeneratedRoutes(unsigned seed) : random_(seed) {}

  [[nodiscard]] std::string pattern() { return object(0, kNames, true); }

  [[nodiscard]] std::string event() { return event_object(0); }

 private:
  static inline const std::vector<std::string_view> kNames{"a", "b", "c"};
  static inline const std::vector<std::string_view> kNamesInOr{"d", "e"};

  [[nodiscard]] unsigned below(unsigned limit) { return static_cast<unsigned>(random_() % limit); }

  [[nodiscard]] std::string pick(const std::vector<std::string_view>& from) {
    return std::string(from[below(static_cast<unsigned>(from.size()))]);
  }

  [[nodiscard]] std::string text() {
    return pick({"x", "y", "xy", "yx", "X", "Xy", "xyxy", "x*y", "", "3", "10.0.0.1", "10.1.2.3",
                 "010.0.0.1", "2001:db8::1", "::1", "ü", "Ü"});
  }

  [[nodiscard]] std::string quoted() { return "\"" + text() + "\""; }

  [[nodiscard]] std::string number() {
    return pick({"0", "1", "1.0", "10e-1", "2", "-1", "3", "300", "3.0e2", "0.5"});
  }

  [[nodiscard]] std::string list_of(bool numbers) {
    std::string out = numbers ? number() : quoted();
    for (unsigned more = below(3); more > 0; --more) {
      out += "," + (numbers ? number() : quoted());
    }
    return "[" + out + "]";
  }

  [[nodiscard]] std::string wildcard() {
    return pick({"\"*\"", "\"x*\"", "\"*y\"", "\"x*y\"", "\"*x*\"", "\"*x*y*\"", "\"*xy*xy\"",
                 "\"x\\\\*y\"", "\"10.*.1\"", "\"\""});
  }

  [[nodiscard]] std::string words() {
    const std::string word = pick({"\"x\"", "\"y\"", "\"xy\"", "\"1\"", "\"Y\""});
    return below(2) == 0 ? word : "[" + word + ",\"yx\"]";
  }

  [[nodiscard]] std::string matcher() {
    switch (below(20)) {
      case 0:
        return "{\"prefix\":" + quoted() + "}";
      case 1:
        return "{\"suffix\":" + quoted() + "}";
      case 2:
        return "{\"prefix\":{\"equals-ignore-case\":" + quoted() + "}}";
      case 3:
        return "{\"suffix\":{\"equals-ignore-case\":" + quoted() + "}}";
      case 4:
        return "{\"equals-ignore-case\":" + quoted() + "}";
      case 5:
        return "{\"wildcard\":" + wildcard() + "}";
      case 6:
        return "{\"anything-but\":" + (below(2) == 0 ? quoted() : number()) + "}";
      case 7:
        return "{\"anything-but\":" + list_of(below(2) == 0) + "}";
      case 8:
        return "{\"anything-but\":{\"" + pick({"prefix", "suffix", "equals-ignore-case"}) +
               "\":" + words() + "}}";
      case 9:
        return "{\"anything-but\":{\"wildcard\":" + wildcard() + "}}";
      case 10:
        return "{\"numeric\":[\"" + pick({"=", "<", "<=", ">", ">="}) + "\"," + number() + "]}";
      case 11:
        return pick({R"({"numeric":[">",0,"<=",1]})", R"({"numeric":[">=",1,"<",300]})",
                     R"({"numeric":[">",1,"<",2]})"});
      case 12:
        return R"({"exists":true})";
      case 13:
        return R"({"exists":false})";
      case 14:
        return pick({R"({"cidr":"10.0.0.0/8"})", R"({"cidr":"10.0.0.0/31"})",
                     R"({"cidr":"2001:db8::/32"})", R"({"cidr":"0.0.0.0/0"})"});
      case 15:
        return pick({"true", "false", "null"});
      case 16:
        return "{\"exactly\":" + quoted() + "}";
      case 17:
        return number();
      default:
        return quoted();
    }
  }

  [[nodiscard]] std::string object(unsigned depth,
                                   std::vector<std::string_view> names,
                                   bool may_or) {
    std::shuffle(names.begin(), names.end(), random_);
    names.resize(1 + below(2));
    std::vector<std::string> parts;
    for (const std::string_view name : names) {
      std::string value;
      if (depth < 2 && below(3) == 0) {
        value = object(depth + 1, kNames, may_or);
      } else {
        value = "[" + matcher();
        for (unsigned more = below(3); more > 1; --more) {
          value += "," + matcher();
        }
        value += "]";
      }
      parts.push_back("\"" + std::string(name) + "\":" + value);
    }
    if (may_or && depth < 2 && below(4) == 0) {
      parts.push_back("\"$or\":[" + object(depth + 1, kNamesInOr, false) + "," +
                      object(depth + 1, kNamesInOr, false) + "]");
    }
    std::string out;
    for (const std::string& part : parts) {
      out += (out.empty() ? "{" : ",") + part;
    }
    return out + "}";
  }

  [[nodiscard]] std::string event_value(unsigned depth) {
    const unsigned kind = below(10);
    if (depth < 3 && below(30) == 0) {
      return long_array();
    }
    if (depth < 4 && kind < 3) {
      std::string out;
      for (unsigned count = below(4); count > 0; --count) {
        out += (out.empty() ? "" : ",") + event_value(depth + 1);
      }
      return "[" + out + "]";
    }
    if (depth < 4 && kind < 6) {
      return event_object(depth + 1);
    }
    return kind == 6 ? pick({"true", "false", "null"}) : kind < 8 ? number() : quoted();
  }

  /// Of short elements that repeat.
  [[nodiscard]] std::string long_array() {
    std::string out;
    for (unsigned count = 20 + below(20); count > 0; --count) {
      out += (out.empty() ? "" : ",");
      switch (below(4)) {
        case 0:
          out += quoted();
          break;
        case 1:
          out += number();
          break;
        case 2:
          out += R"({"a":)" + pick({"\"x\"", "1", "true"}) + "}";
          break;
        default:
          out += pick({R"({"b":"x}","c":1})", R"({"a":"x","b":"y"})", R"([{"a":1}, "\"x"])",
                       R"({"b":{"c":1}})", R"({"c":["x","y"]})", "[]", "{}"});
      }
    }
    return "[" + out + "]";
  }

  [[nodiscard]] std::string event_object(unsigned depth) {
    std::string out;
    for (const std::string_view name : {"a", "b", "c", "d", "e"}) {
      if (below(depth == 0 ? 5 : 4) < 3 - depth / 3) {
        // Now and then a name twice, or with a dot in it.
        const std::string as = below(40) == 0 ? pick({"a", "a.b"}) : std::string(name);
        out += (out.empty() ? "" : ",") + ("\"" + as + "\":" + event_value(depth));
      }
    }
    return "{" + out + "}";
  }

  std::mt19937 random_;
};

}  // namespace aev::test
