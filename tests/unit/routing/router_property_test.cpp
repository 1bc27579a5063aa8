#include <algorithm>
#include <string>
#include <vector>

#include <catch2/catch.hpp>

#include "events/event.h"
#include "generated_routes.h"
#include "routing/router.h"
#include "slow_matcher.h"

using aev::events::Event;
using aev::events::EventFields;
using aev::events::EventRef;
using aev::events::SubscriberId;
using aev::routing::PatternError;
using aev::routing::Route;
using aev::routing::Router;
using aev::test::GeneratedRoutes;
using aev::test::slow_match;

namespace {

EventRef event_with(const std::string& data) {
  EventFields fields;
  fields.id = fields.event_type = "e";
  fields.data = data;
  return Event::create(fields);
}

struct Tally {
  std::size_t matched = 0;
  std::size_t not_matched = 0;
};

/// Many routes at once, so that they meet in the index.
void compare(unsigned seed, std::size_t count, int events, Tally& tally) {
  GeneratedRoutes generated(seed);
  std::vector<std::string> patterns;
  std::vector<Route> routes;
  for (SubscriberId id = 0; id < count; ++id) {
    patterns.push_back(generated.pattern());
    routes.push_back({std::to_string(id), "{\"data\":" + patterns.back() + "}", false, {id}});
  }
  std::vector<PatternError> errors;
  const auto router = Router::compile(routes, errors);
  if (!errors.empty()) {
    INFO("seed " << seed << ": " << patterns[std::stoul(errors[0].route)]);
    FAIL(errors[0].pointer << ": " << errors[0].message);
  }
  for (int round = 0; round < events; ++round) {
    const std::string data = generated.event();
    std::vector<SubscriberId> expected;
    for (SubscriberId id = 0; id < count; ++id) {
      if (slow_match(patterns[id], data)) {
        expected.push_back(id);
      }
    }
    tally.matched += expected.size();
    tally.not_matched += count - expected.size();
    const std::vector<SubscriberId> found = router->route(*event_with(data)).targets->ids();
    if (found != expected) {
      for (SubscriberId id = 0; id < count; ++id) {
        const bool is = std::count(found.begin(), found.end(), id) > 0;
        const bool should = std::count(expected.begin(), expected.end(), id) > 0;
        if (is != should) {
          FAIL("seed " << seed << ": " << patterns[id] << (should ? " misses " : " takes ")
                       << data);
        }
      }
    }
  }
}

}  // namespace

TEST_CASE("the router agrees with a slow matcher on generated patterns and events", "[routing]") {
  Tally tally;
  for (unsigned seed = 1; seed <= 250; ++seed) {
    compare(seed, 1, 40, tally);
    compare(seed + 1'000, 12, 15, tally);
  }
  for (unsigned seed = 1; seed <= 20; ++seed) {
    compare(seed + 2'000, 250, 12, tally);
  }
  // The vocabulary is worth something only if both answers are frequent.
  CHECK(tally.matched > 5'000);
  CHECK(tally.not_matched > 8'000);
}
