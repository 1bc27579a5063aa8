#include "routing/router.h"

#include <string>
#include <thread>
#include <vector>

#include <catch2/catch.hpp>

#include "events/event.h"

using aev::events::Event;
using aev::events::EventFields;
using aev::events::EventRef;
using aev::events::SubscriberId;
using aev::routing::Match;
using aev::routing::PatternError;
using aev::routing::Route;
using aev::routing::Router;

namespace {

std::shared_ptr<const Router> compile(const std::vector<Route>& routes) {
  std::vector<PatternError> errors;
  auto router = Router::compile(routes, errors);
  REQUIRE(errors.empty());
  REQUIRE(router != nullptr);
  return router;
}

EventRef event_of(std::string_view type, std::string_view data = {}) {
  EventFields fields;
  fields.id = "e1";
  fields.event_type = type;
  fields.data = data;
  return Event::create(fields);
}

std::vector<SubscriberId> targets(const Router& router, const EventRef& event) {
  return router.route(*event).targets->ids();
}

using Ids = std::vector<SubscriberId>;
using Names = std::vector<std::string>;

}  // namespace

TEST_CASE("every matching route adds its subscribers, each once", "[routing]") {
  const auto router = compile({
      {"lifecycle",
       R"({"event_type":["debate_start","debate_end",{"prefix":"gauntlet_"}]})",
       false,
       {3}},
      {"agreed",
       R"({"event_type":["consensus"],"data":{"confidence":[{"numeric":[">=",0.8]}]}})",
       false,
       {3, 1}},
      {"all_consensus", R"({"event_type":["consensus"]})", false, {2, 3}},
      {"rest", "", true, {9}},
      {"rest too", "", true, {8}},
  });
  CHECK(targets(*router, event_of("debate_end")) == Ids{3});
  CHECK(targets(*router, event_of("gauntlet_verdict")) == Ids{3});
  CHECK(targets(*router, event_of("consensus", R"({"confidence":0.9})")) == Ids{1, 2, 3});
  CHECK(targets(*router, event_of("consensus", R"({"confidence":0.2})")) == Ids{2, 3});
  CHECK(targets(*router, event_of("vote")) == Ids{8, 9});
  CHECK_FALSE(router->route(*event_of("vote")).unmatched);
  CHECK(router->matching_routes(*event_of("consensus", R"({"confidence":1})")) ==
        Names{"agreed", "all_consensus"});
  CHECK(router->matching_routes(*event_of("vote")) == Names{"rest", "rest too"});
}

TEST_CASE("without a default route an event may match nothing", "[routing]") {
  const auto router = compile({{"one", R"({"event_type":["a"],"data":{"x":[1]}})", false, {1}}});
  const Match match = router->route(*event_of("a", R"({"x":2})"));
  REQUIRE(match.targets != nullptr);
  CHECK(match.unmatched);
  CHECK(match.targets->ids().empty());
  CHECK(router->route(*event_of("b")).unmatched);
  CHECK_FALSE(router->route(*event_of("a", R"({"x":1})")).unmatched);
  const auto empty = compile({});
  CHECK(empty->route(*event_of("a")).unmatched);
}

TEST_CASE("a default route takes over only when no other route matches", "[routing]") {
  const auto router = compile({{"rest", "", true, {9}},
                               {"some", R"({"event_type":["a"],"data":{"x":[1]}})", false, {1}},
                               {"nobody", R"({"event_type":["quiet"]})", false, {}}});
  CHECK(targets(*router, event_of("a", R"({"x":1})")) == Ids{1});
  CHECK(targets(*router, event_of("a", R"({"x":2})")) == Ids{9});
  // A route that matches without subscribers still keeps the event from the default route.
  CHECK(targets(*router, event_of("quiet")).empty());
  CHECK_FALSE(router->route(*event_of("quiet")).unmatched);
}

TEST_CASE("a route without a pattern takes every event", "[routing]") {
  const auto router = compile({{"all", "", false, {7}},
                               {"a", R"({"event_type":["a"]})", false, {1}},
                               {"rest", "", true, {9}}});
  CHECK(targets(*router, event_of("a")) == Ids{1, 7});
  CHECK(targets(*router, event_of("b")) == Ids{7});
}

TEST_CASE("events with the same targets share one set", "[routing]") {
  const auto router = compile({{"x", R"({"data":{"x":[1]}})", false, {1, 2}},
                               {"y", R"({"data":{"y":[1]}})", false, {2, 1}}});
  const auto first = router->route(*event_of("a", R"({"x":1})")).targets;
  CHECK(router->route(*event_of("b", R"({"x":1})")).targets == first);
  CHECK(router->route(*event_of("a", R"({"y":1})")).targets == first);
  CHECK(router->route(*event_of("a", R"({"x":1,"y":1})")).targets == first);
}

TEST_CASE("a thread's memory of one router never answers for another", "[routing]") {
  for (SubscriberId id = 1; id <= 50; ++id) {
    const auto router = compile({{"x", R"({"data":{"x":[1]}})", false, {id}}});
    CHECK(targets(*router, event_of("a", R"({"x":1})")) == Ids{id});
  }
}

TEST_CASE("more sets of matching routes than are remembered are still right", "[routing]") {
  std::vector<Route> routes;
  for (SubscriberId id = 0; id < 12; ++id) {
    routes.push_back(
        {"r" + std::to_string(id), R"({"data":{"v":[)" + std::to_string(id) + "]}}", false, {id}});
  }
  const auto router = compile(routes);
  for (unsigned mask = 1; mask < 4096; ++mask) {
    Ids expected;
    std::string list;
    for (SubscriberId id = 0; id < 12; ++id) {
      if ((mask >> id & 1u) != 0) {
        expected.push_back(id);
        list += (list.empty() ? "" : ",") + std::to_string(id);
      }
    }
    if (targets(*router, event_of("a", R"({"v":[)" + list + "]}")) != expected) {
      FAIL("wrong targets for " << list);
    }
  }
}

TEST_CASE("a thousand routes by type do not get in each other's way", "[routing]") {
  std::vector<Route> routes;
  for (SubscriberId id = 0; id < 1000; ++id) {
    routes.push_back({"r" + std::to_string(id),
                      R"({"event_type":["t)" + std::to_string(id) + R"(","shared"]})",
                      false,
                      {id}});
  }
  const auto router = compile(routes);
  CHECK(targets(*router, event_of("t0")) == Ids{0});
  CHECK(targets(*router, event_of("t999")) == Ids{999});
  CHECK(targets(*router, event_of("shared")).size() == 1000);
  CHECK(targets(*router, event_of("t1000")).empty());
}

TEST_CASE("many threads route through one router", "[routing]") {
  const auto router = compile({{"x", R"({"data":{"x":[1]}})", false, {1}},
                               {"y", R"({"data":{"y":[1]}})", false, {2}},
                               {"rest", "", true, {9}}});
  std::vector<std::thread> threads;
  std::vector<int> wrong(4, 0);
  for (std::size_t i = 0; i < wrong.size(); ++i) {
    threads.emplace_back([&router, &count = wrong[i]] {
      const EventRef both = event_of("a", R"({"x":1,"y":1})");
      const EventRef none = event_of("a", R"({"z":1})");
      for (int round = 0; round < 500; ++round) {
        count += targets(*router, both) == Ids{1, 2} ? 0 : 1;
        count += targets(*router, none) == Ids{9} ? 0 : 1;
      }
    });
  }
  for (std::thread& thread : threads) {
    thread.join();
  }
  CHECK(wrong == std::vector<int>(4, 0));
}
