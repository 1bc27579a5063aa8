#include <fstream>
#include <string>
#include <vector>

#include <catch2/catch.hpp>
#include <simdjson.h>

#include "events/event.h"
#include "routing/router.h"
#include "slow_matcher.h"

using aev::events::Event;
using aev::events::EventFields;
using aev::routing::PatternError;
using aev::routing::Router;

namespace {

/// Where we differ from AWS Event Ruler on purpose; host/docs/decisions/0011 gives the reasons.
bool differs_on_purpose(const std::string& pattern, const std::string& event) {
  // Ruler takes every number and every word of hexadecimal digits for an address of any family.
  const bool cidr_of_everything = pattern.find("/0\"") != std::string::npos;
  // Ruler compares this number with a spelling that is not the shortest one.
  const bool smallest_number = event.find("5e-324") != std::string::npos;
  // Ruler cannot see a field without a name inside of another.
  const bool nameless = pattern == R"({"a":{"":[1]}})";
  return cidr_of_everything || smallest_number || nameless;
}

struct Row {
  std::string pattern;
  std::vector<std::string> events;
  std::string answers;  // `refused`, or for each event y, n or f, which means that Ruler threw
};

std::vector<Row> read_corpus() {
  std::ifstream in(AEV_RULER_CORPUS);
  std::vector<Row> rows;
  simdjson::dom::parser parser;
  for (std::string line; std::getline(in, line);) {
    simdjson::dom::element row;
    REQUIRE(parser.parse(line).get(row) == simdjson::SUCCESS);
    rows.push_back({std::string(std::string_view(row["pattern"])),
                    {},
                    std::string(std::string_view(row["answers"]))});
    for (const simdjson::dom::element event : row["events"].get_array()) {
      rows.back().events.emplace_back(std::string_view(event));
    }
  }
  return rows;
}

}  // namespace

TEST_CASE("patterns mean what they mean to AWS Event Ruler", "[routing]") {
  const std::vector<Row> rows = read_corpus();
  REQUIRE(rows.size() > 500);
  for (const Row& row : rows) {
    INFO("pattern " << row.pattern);
    std::vector<PatternError> errors;
    const auto router =
        Router::compile({{"r", "{\"data\":" + row.pattern + "}", false, {1}}}, errors);
    if (row.answers == "refused") {
      CHECK(router == nullptr);
      continue;
    }
    INFO((errors.empty() ? "" : errors[0].pointer + ": " + errors[0].message));
    CHECK(router != nullptr);
    if (router == nullptr) {
      continue;
    }
    REQUIRE(row.answers.size() == row.events.size());
    for (std::size_t i = 0; i < row.events.size(); ++i) {
      EventFields fields;
      fields.id = fields.event_type = "e";
      fields.data = row.events[i];
      const bool matched = !router->route(*Event::create(fields)).unmatched;
      if (matched != (row.answers[i] == 'y') && !differs_on_purpose(row.pattern, row.events[i])) {
        FAIL_CHECK(row.events[i] << " should be " << row.answers[i]);
      }
    }
  }
}

TEST_CASE("the slow matcher, too, means what AWS Event Ruler does", "[routing]") {
  std::size_t compared = 0;
  for (const Row& row : read_corpus()) {
    // The rows about one value `v` hold numbers beyond what the slow matcher takes.
    if (row.answers == "refused" || row.pattern.starts_with("{\"v\":") ||
        row.pattern == R"({"$or":[1]})") {
      continue;
    }
    for (std::size_t i = 0; i < row.events.size(); ++i) {
      if (!differs_on_purpose(row.pattern, row.events[i])) {
        ++compared;
        INFO(row.pattern << " on " << row.events[i]);
        CHECK(aev::test::slow_match(row.pattern, row.events[i]) == (row.answers[i] == 'y'));
      }
    }
  }
  CHECK(compared > 1'000);
}
