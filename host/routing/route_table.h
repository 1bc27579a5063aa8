#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "events/targets.h"
#include "routing/pattern.h"
#include "routing/router.h"

namespace aev::routing {

/// A route as compiled; without a pattern it matches every event.
struct CompiledRoute {
  std::string name;
  std::optional<Pattern> pattern;
  bool is_default = false;
  std::vector<events::SubscriberId> to;
};

/// What remains to be asked about an event once its type is known.
struct Plan {
  std::vector<std::uint32_t> certain;  ///< routes that match whatever else the event holds
  std::vector<std::uint32_t>
      to_check;                     ///< routes that may match; both ascending, no default routes
  events::Targets certain_targets;  ///< of `certain`; of the default routes if that is empty
};

/// The routes with a plan for each event type that a pattern spells out, and one for all other
/// types. Looking a type up costs the same with any number of routes. Immutable.
class RouteTable {
 public:
  explicit RouteTable(std::vector<CompiledRoute> routes);

  [[nodiscard]] const std::vector<CompiledRoute>& routes() const { return routes_; }

  [[nodiscard]] const std::vector<std::uint32_t>& default_routes() const { return default_routes_; }

  [[nodiscard]] const Plan& plan_for(std::string_view event_type) const;

 private:
  struct Hash {
    using is_transparent = void;

    std::size_t operator()(std::string_view text) const {
      return std::hash<std::string_view>()(text);
    }
  };

  std::vector<CompiledRoute> routes_;
  std::vector<std::uint32_t> default_routes_;
  std::unordered_map<std::string, Plan, Hash, std::equal_to<>> plans_;
  Plan other_;
};

}  // namespace aev::routing
