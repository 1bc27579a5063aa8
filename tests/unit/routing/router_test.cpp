#include "routing/router.h"

#include <catch2/catch.hpp>

namespace aev::routing {
namespace {

events::EventRef event(std::string_view data,
                       std::string_view event_type = "consensus",
                       std::string_view debate_id = "d1") {
  static const events::Attribute attributes[] = {{"round", "3"}, {"agent", "\"Claude\""}};
  events::EventFields fields;
  fields.id = "evt-1";
  fields.event_type = event_type;
  fields.debate_id = debate_id;
  fields.source = "test";
  fields.data = data;
  fields.time_unix_ns = 1'700'000'000'000'000'000;
  fields.attributes = attributes;
  return events::Event::create(fields);
}

bool matches(const std::string& pattern, const events::EventRef& given) {
  std::vector<PatternError> errors;
  const auto router = Router::compile({{"r", pattern, false, {1}}}, errors);
  for (const auto& error : errors) {
    UNSCOPED_INFO(error.pointer << ": " << error.message);
  }
  REQUIRE(errors.empty());
  return !router->route(*given).unmatched;
}

struct Row {
  const char* pattern;
  const char* data;
  bool expected;
};

TEST_CASE("operators over data") {
  const Row rows[] = {
      {R"({"data":{"a":["x"]}})", R"({"a":"x"})", true},
      {R"({"data":{"a":["x"]}})", R"({"a":"\u0078"})", true},
      {R"({"data":{"a":["x"]}})", R"({"a":"y"})", false},
      {R"({"data":{"a":["x","y"]}})", R"({"a":["q","y"]})", true},
      {R"({"data":{"a":[1]}})", R"({"a":1.0})", true},
      {R"({"data":{"a":[300]}})", R"({"a":3.0e2})", true},
      {R"({"data":{"a":[true]}})", R"({"a":true})", true},
      {R"({"data":{"a":[true]}})", R"({"a":"true"})", false},
      {R"({"data":{"a":[null]}})", R"({"a":null})", true},
      {R"({"data":{"a":[null]}})", R"({})", false},
      {R"({"data":{"a":[{"prefix":"ab"}]}})", R"({"a":"abc"})", true},
      {R"({"data":{"a":[{"prefix":"b"}]}})", R"({"a":"abc"})", false},
      {R"({"data":{"a":[{"suffix":"bc"}]}})", R"({"a":"abc"})", true},
      {R"({"data":{"a":[{"equals-ignore-case":"ABC"}]}})", R"({"a":"aBc"})", true},
      {R"({"data":{"a":[{"anything-but":"x"}]}})", R"({"a":"y"})", true},
      {R"({"data":{"a":[{"anything-but":"x"}]}})", R"({"a":"x"})", false},
      {R"({"data":{"a":[{"anything-but":["x","y"]}]}})", R"({"a":"y"})", false},
      {R"({"data":{"a":[{"anything-but":{"prefix":"x"}}]}})", R"({"a":"xy"})", false},
      {R"({"data":{"a":[{"exists":true}]}})", R"({"a":null})", true},
      {R"({"data":{"a":[{"exists":false}]}})", R"({"b":1})", true},
      {R"({"data":{"a":[{"numeric":[">=",0.8]}]}})", R"({"a":0.8})", true},
      {R"({"data":{"a":[{"numeric":[">",0,"<=",5]}]}})", R"({"a":5})", true},
      {R"({"data":{"a":[{"numeric":[">",0,"<",5]}]}})", R"({"a":5})", false},
      {R"({"data":{"a":[{"numeric":["=",1]}]}})", R"({"a":"1"})", false},
      {R"({"data":{"a":[{"wildcard":"a*c"}]}})", R"({"a":"abbc"})", true},
      {R"({"data":{"a":[{"cidr":"10.0.0.0/8"}]}})", R"({"a":"10.1.2.3"})", true},
      {R"({"data":{"a":[{"cidr":"10.0.0.0/8"}]}})", R"({"a":"11.1.2.3"})", false},
      {R"({"data":{"a":{"b":["x"]}}})", R"({"a":{"b":"x"}})", true},
      {R"({"data":{"a":{"b":["x"]}}})", R"({"a":"x"})", false},
      {R"({"data":{"a":["x"],"b":["y"]}})", R"({"a":"x","b":"z"})", false},
      {R"({"$or":[{"data":{"a":["x"]}},{"data":{"b":["y"]}}]})", R"({"b":"y"})", true},
      {R"({"data":{"a":["x"]}})", "not json", false},
      {R"({"data":{"a":["x"]}})", "", false},
  };
  for (const Row& row : rows) {
    INFO(row.pattern << " against " << row.data);
    CHECK(matches(row.pattern, event(row.data)) == row.expected);
  }
}

TEST_CASE("the event's own fields and attributes match as data does") {
  const auto given = event("{}");
  CHECK(matches(R"({"event_type":["consensus"],"debate_id":["d1"],"source":[{"prefix":"te"}]})",
                given));
  CHECK(matches(R"({"round":[3],"agent":[{"equals-ignore-case":"claude"}]})", given));
  CHECK(matches(R"({"timestamp":[{"prefix":"2023-11-14T"}]})", given));
  CHECK_FALSE(matches(R"({"event_type":[{"anything-but":["consensus"]}]})", given));
  CHECK(matches(R"({"debate_id":[{"exists":false}]})", event("{}", "vote", "")));
}

TEST_CASE("targets are joined once each, and a default route gets the rest") {
  std::vector<PatternError> errors;
  const auto router = Router::compile({{"votes", R"({"event_type":["vote"]})", false, {2, 1}},
                                       {"v", R"({"event_type":[{"prefix":"v"}]})", false, {1, 3}},
                                       {"rest", "", true, {9}}},
                                      errors);
  REQUIRE(errors.empty());
  CHECK(router->route(*event("{}", "vote")).targets->ids() ==
        std::vector<events::SubscriberId>{1, 2, 3});
  CHECK(router->matching_routes(*event("{}", "vote")) == std::vector<std::string>{"votes", "v"});
  CHECK(router->route(*event("{}", "other")).targets->ids() ==
        std::vector<events::SubscriberId>{9});
  CHECK(router->route(*event("{}", "vote")).targets == router->route(*event("{}", "vote")).targets);
}

TEST_CASE("every mistake of every pattern is found, with its place") {
  std::vector<PatternError> errors;
  const auto router =
      Router::compile({{"a", R"({"event_type":[{"prefxi":"x"}]})", false, {1}},
                       {"b", R"({"event_type":"vote"})", false, {1}},
                       {"c", R"({"data":{"n":[{"numeric":[">","x"]}]}})", false, {1}},
                       {"d", R"({"event_type":[]})", false, {1}}},
                      errors);
  CHECK(router == nullptr);
  REQUIRE(errors.size() == 4);
  CHECK(errors[0].route == "a");
  CHECK(errors[0].pointer.find("/event_type/0") == 0);
  CHECK(errors[0].message.find("prefix") != std::string::npos);
  CHECK(errors[2].pointer.find("/data/n/0") == 0);
}

TEST_CASE("many routes by type choose the same as one by one") {
  std::vector<Route> routes;
  for (std::uint32_t i = 0; i < 300; ++i) {
    routes.push_back({"r" + std::to_string(i),
                      R"({"event_type":["type-)" + std::to_string(i % 100) + R"("],"round":[)" +
                          std::to_string(i % 4) + "]}",
                      false,
                      {i + 1}});
  }
  std::vector<PatternError> errors;
  const auto all = Router::compile(routes, errors);
  REQUIRE(errors.empty());
  for (int type = 0; type < 100; ++type) {
    const auto given = event("{}", "type-" + std::to_string(type));
    std::vector<events::SubscriberId> expected;
    for (const Route& route : routes) {
      const auto one = Router::compile({route}, errors);
      if (!one->route(*given).unmatched) {
        expected.push_back(route.to[0]);
      }
    }
    CHECK(all->route(*given).targets->ids() == expected);
  }
}

}  // namespace
}  // namespace aev::routing
