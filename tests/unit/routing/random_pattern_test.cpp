#include <array>
#include <random>
#include <string>
#include <vector>

#include <catch2/catch.hpp>
#include <simdjson.h>

#include "events/canonical_json.h"
#include "events/event.h"
#include "routing/pattern_compiler.h"
#include "routing/pattern_match.h"
#include "routing/router.h"

using aev::events::Attribute;
using aev::events::Event;
using aev::events::EventFields;
using aev::events::EventRef;
using aev::routing::Pattern;
using aev::routing::PatternError;
using aev::routing::Route;
using aev::routing::Router;

namespace {

/// Patterns and events over a vocabulary so small that they often meet.
class Generator {
 public:
  explicit Generator(unsigned seed) : random_(seed) {}

  template <std::size_t N>
  std::string pick(const std::array<const char*, N>& from) {
    return from[random_() % N];
  }

  bool chance(unsigned one_in) { return random_() % one_in == 0; }

  std::string pattern(int depth) {
    std::string out = "{";
    std::string separator;
    for (const char* name : {"event_type", "source", "data", "agent", "debate_id"}) {
      if (depth == 0 ? chance(name == std::string("event_type") ? 2 : 3) : chance(4)) {
        out += separator + '"' + name + "\":" + field(name, depth);
        separator = ",";
      }
    }
    if (depth < 2 && (chance(6) || separator.empty())) {
      out += separator + R"("$or":[)" + pattern(depth + 1) + "," + pattern(depth + 1) + "]";
      separator = ",";
    }
    return separator.empty() ? R"({"agent":["a"]})" : out + "}";
  }

  std::string json(int depth) {
    if (depth < 2 && chance(3)) {
      return "[" + json(depth + 1) + "," + json(depth + 1) + "]";
    }
    if (depth < 3 && chance(2)) {
      return R"({"v":)" + json(depth + 1) + R"(,"source":)" + json(depth + 1) + "}";
    }
    return pick(kValues);
  }

  static constexpr std::array<const char*, 8> kValues{R"("a")", R"("ab")", R"("\u0062")", "1",
                                                      "1.0e0",  "2",       "true",        "null"};
  static constexpr std::array<const char*, 4> kWords{"a", "ab", "b", ""};

 private:
  std::string field(const std::string& name, int depth) {
    if (name == "data" && chance(2)) {
      return R"({"v":)" + (depth < 3 && chance(3) ? R"({"source":)" + list() + "}" : list()) + "}";
    }
    return list();
  }

  std::string list() {
    static constexpr std::array<const char*, 10> kOperators{
        R"({"prefix":"a"})",       R"({"suffix":"b"})",
        R"({"exists":true})",      R"({"exists":false})",
        R"({"anything-but":"a"})", R"({"anything-but":[1,2]})",
        R"({"numeric":[">",1]})",  R"({"equals-ignore-case":"AB"})",
        R"({"wildcard":"*b"})",    R"({"anything-but":{"prefix":"a"}})"};
    std::string out = "[";
    out += chance(2) ? pick(kOperators) : pick(kValues);
    if (chance(3)) {
      out += "," + (chance(2) ? pick(kOperators) : pick(kValues));
    }
    return out + "]";
  }

  std::mt19937 random_;
};

}  // namespace

TEST_CASE("the router agrees with matching the canonical JSON route by route", "[routing]") {
  unsigned matched_routes = 0;
  unsigned events_without = 0;
  for (unsigned seed = 1; seed <= 150; ++seed) {
    Generator generator(seed);
    std::vector<Route> routes;
    std::vector<Pattern> patterns;
    std::vector<PatternError> errors;
    for (unsigned i = 0; i < 8; ++i) {
      const std::string text = generator.pattern(0);
      INFO(text);
      auto pattern = aev::routing::compile_pattern("r", text, errors);
      REQUIRE(errors.empty());
      patterns.push_back(std::move(*pattern));
      routes.push_back({std::to_string(i), text, false, {i}});
    }
    const auto router = Router::compile(routes, errors);
    REQUIRE(router != nullptr);
    for (int round = 0; round < 30; ++round) {
      const std::string type = generator.pick(Generator::kWords) + "x";
      const std::string event_type = generator.chance(3) ? type : generator.pick(Generator::kWords);
      const std::string source = generator.pick(Generator::kWords);
      const std::string debate = generator.pick(Generator::kWords);
      const std::string data = generator.chance(6) ? "" : generator.json(0);
      const std::string agent = generator.json(2);
      const std::array<Attribute, 1> attributes{{{"agent", agent}}};
      EventFields fields;
      fields.id = "e1";
      fields.event_type = event_type;
      fields.source = source;
      fields.debate_id = debate;
      fields.data = data;
      if (generator.chance(2)) {
        fields.attributes = attributes;
      }
      const EventRef event = Event::create(fields);

      std::string canonical;
      aev::events::append_canonical_json(canonical, *event);
      simdjson::dom::parser parser;
      simdjson::dom::element document;
      REQUIRE(parser.parse(canonical).get(document) == simdjson::SUCCESS);
      std::vector<std::string> expected;
      std::vector<aev::events::SubscriberId> expected_ids;
      for (unsigned i = 0; i < patterns.size(); ++i) {
        if (aev::routing::matches(patterns[i], document)) {
          expected.push_back(std::to_string(i));
          expected_ids.push_back(i);
        }
      }
      INFO("seed " << seed << ": " << canonical);
      REQUIRE(router->matching_routes(*event) == expected);
      REQUIRE(router->route(*event).targets->ids() == expected_ids);
      REQUIRE(router->route(*event).unmatched == expected.empty());
      matched_routes += static_cast<unsigned>(expected.size());
      events_without += expected.empty() ? 1 : 0;
    }
  }
  // The vocabulary is worth something only if both answers are frequent.
  CHECK(matched_routes > 1000);
  CHECK(events_without > 100);
}
