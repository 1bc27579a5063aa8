#include <optional>
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
using aev::test::slow_match_within;

namespace {

EventRef event_with(const std::string& data) {
  EventFields fields;
  fields.id = fields.event_type = "e";
  fields.data = data;
  return Event::create(fields);
}

constexpr std::size_t kCombinations = 100'000;

struct Tally {
  std::size_t matched = 0;
  std::size_t not_matched = 0;
  std::size_t given_up = 0;  // by the slow matcher
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
    const auto targets = router->route(*event_with(data)).targets;
    for (SubscriberId id = 0; id < count; ++id) {
      const std::optional<bool> expected = slow_match_within(patterns[id], data, kCombinations);
      if (!expected) {
        ++tally.given_up;
        continue;
      }
      ++(*expected ? tally.matched : tally.not_matched);
      if (targets->contains(id) != *expected) {
        FAIL("seed " << seed << ": " << patterns[id] << (*expected ? " misses " : " takes ")
                     << data);
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
  CHECK(tally.given_up < 100);
  CHECK(tally.not_matched > 8'000);
}
