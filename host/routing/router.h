#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "core/result.h"
#include "events/event.h"
#include "events/targets.h"

namespace aev::routing {

/// A route as the router takes it: names are already resolved to numbers.
struct Route {
  std::string name;
  std::string match_json;   ///< event pattern; empty matches every event
  bool is_default = false;  ///< gets what no other route matched
  std::vector<events::SubscriberId> to;
};

/// Where a pattern is wrong; `pointer` is a JSON Pointer into the pattern.
struct PatternError {
  std::string route;
  std::string pointer;
  std::string message;
};

/// What the router says about one event.
struct Match {
  events::Targets targets;  ///< never null; empty set when nothing matched
  bool unmatched = false;   ///< no route matched, not even a default
};

/// The compiled routes. Immutable, thread-safe; swapped as a whole on reload.
class Router {
 public:
  /// Compiles every route, or says everything that is wrong.
  [[nodiscard]] static std::shared_ptr<const Router> compile(const std::vector<Route>& routes,
                                                             std::vector<PatternError>& errors);
  virtual ~Router() = default;

  /// Who gets the event. Never fails: data that is not JSON simply has no fields.
  [[nodiscard]] virtual Match route(const events::Event& event) const = 0;

  /// Names of the routes that match, in configuration order.
  [[nodiscard]] virtual std::vector<std::string> matching_routes(
      const events::Event& event) const = 0;
};

}  // namespace aev::routing
