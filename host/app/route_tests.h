#pragma once

#include <memory>
#include <string>
#include <vector>

#include "config/config.h"
#include "events/targets.h"
#include "routing/router.h"

namespace aev::app {

/// A configuration, the numbers of its subscribers, and its compiled routes.
struct CompiledRoutes {
  config::Config config;
  std::vector<events::SubscriberId> ids;
  std::shared_ptr<const routing::Router> router;
};

/// How one event of a test went.
struct EventOutcome {
  std::string event_type;
  config::Location where;
  std::string fault;                    ///< why it is no event; the rest is empty then
  std::vector<std::string> got;         ///< subscribers, sorted
  std::vector<std::string> routes;      ///< that matched
  std::vector<std::string> missing;     ///< subscribers that should have got it
  std::vector<std::string> unexpected;  ///< subscribers that should not
  std::vector<std::string> missing_routes;
  std::vector<std::string> unexpected_routes;
  std::vector<std::string> reasons;  ///< why routes did not match that would have been right

  [[nodiscard]] bool passed() const {
    return fault.empty() && missing.empty() && unexpected.empty() && missing_routes.empty() &&
           unexpected_routes.empty();
  }
};

struct TestOutcome {
  const config::RouteTest* test = nullptr;
  std::vector<EventOutcome> events;

  [[nodiscard]] bool passed() const;
};

/// Sends each event of the test through the routes. The outcome refers to `test`.
[[nodiscard]] TestOutcome run_route_test(const config::RouteTest& test,
                                         const CompiledRoutes& routes);

/// Warns of tests that fail; one whose event is none is an error.
void check_tests(const CompiledRoutes& routes, std::vector<config::Problem>& problems);

/// For people: `ok` or `FAIL` and the name; of a failure its place and a diff, `-` for who should
/// have got the event and did not, `+` for who got it and should not.
[[nodiscard]] std::string test_report(const TestOutcome& outcome);

}  // namespace aev::app
