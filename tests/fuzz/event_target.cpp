// Any bytes as the data of an event, through a router with many routes: it says what the slow
// matcher says.

#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "comparison.h"
#include "generated_routes.h"
#include "routing/router.h"
#include "slow_matcher.h"

namespace {

constexpr std::size_t kRoutes = 40;

struct Routes {
  std::vector<std::string> patterns;
  std::shared_ptr<const aev::routing::Router> router;
};

Routes make_routes() {
  aev::test::GeneratedRoutes generated(4711);
  Routes out;
  std::vector<aev::routing::Route> routes;
  for (aev::events::SubscriberId id = 0; id < kRoutes; ++id) {
    out.patterns.push_back(generated.pattern());
    routes.push_back({std::to_string(id), "{\"data\":" + out.patterns.back() + "}", false, {id}});
  }
  std::vector<aev::routing::PatternError> errors;
  out.router = aev::routing::Router::compile(routes, errors);
  return out;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size);

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  constexpr std::size_t kMaxComparedBytes = 1024;
  static const Routes routes = make_routes();
  const std::string event(reinterpret_cast<const char*>(data), size);
  const auto targets = routes.router->route(*aev::fuzz::event_with(event)).targets;
  if (size > kMaxComparedBytes || !aev::fuzz::is_comparable(event)) {
    return 0;
  }
  for (aev::events::SubscriberId id = 0; id < kRoutes; ++id) {
    const std::optional<bool> expected =
        aev::test::slow_match_within(routes.patterns[id], event, aev::fuzz::kCombinations);
    if (expected && *expected != targets->contains(id)) {
      std::fprintf(stderr, "the router errs on %s\n", routes.patterns[id].c_str());
      std::abort();
    }
  }
  return 0;
}
