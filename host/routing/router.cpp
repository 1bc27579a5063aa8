#include "routing/router.h"

#include <algorithm>
#include <atomic>

#include "routing/pattern_compiler.h"
#include "routing/route_walk.h"
#include "routing/target_cache.h"

namespace aev::routing {
namespace {

/// Numbers the routers of this process, so that a thread's memory of one is never taken for
/// another's.
std::uint64_t next_number() {
  static std::atomic<std::uint64_t> last{0};
  return last.fetch_add(1, std::memory_order_relaxed) + 1;
}

/// What is left of a route once its pattern is in the index.
struct CompiledRoute {
  std::string name;
  std::vector<events::SubscriberId> to;
};

/// A thread's own; shared by all routers that it uses.
RouteWalk& walk_of_this_thread() {
  thread_local RouteWalk own;
  return own;
}

class CompiledRouter final : public Router {
 public:
  CompiledRouter(std::vector<CompiledRoute> routes,
                 std::vector<std::uint32_t> always,
                 std::vector<std::uint32_t> defaults,
                 RouteIndex index)
      : routes_(std::move(routes)),
        always_(std::move(always)),
        default_routes_(std::move(defaults)),
        index_(std::move(index)),
        number_(next_number()) {
    const std::vector<std::uint32_t>& otherwise = always_.empty() ? default_routes_ : always_;
    otherwise_ = sets_.intern(subscribers_of(otherwise));
  }

  [[nodiscard]] Match route(const events::Event& event) const override {
    const std::vector<std::uint32_t>& matched = walk_of_this_thread().matching(index_, event);
    if (matched.empty()) {
      return {otherwise_, always_.empty() && default_routes_.empty()};
    }
    return {targets_of(matched), false};
  }

  [[nodiscard]] std::vector<std::string> matching_routes(
      const events::Event& event) const override {
    std::vector<std::uint32_t> matched = walk_of_this_thread().matching(index_, event);
    matched.insert(matched.end(), always_.begin(), always_.end());
    if (matched.empty()) {
      matched = default_routes_;
    }
    std::sort(matched.begin(), matched.end());
    std::vector<std::string> names;
    for (const std::uint32_t index : matched) {
      names.push_back(routes_[index].name);
    }
    return names;
  }

 private:
  [[nodiscard]] std::vector<events::SubscriberId> subscribers_of(
      const std::vector<std::uint32_t>& routes) const {
    std::vector<events::SubscriberId> ids;
    for (const std::uint32_t index : routes) {
      ids.insert(ids.end(), routes_[index].to.begin(), routes_[index].to.end());
    }
    return ids;
  }

  /// Of routes that have matched, and of those that always do.
  events::Targets targets_of(const std::vector<std::uint32_t>& matched) const {
    RecentTargets& recent = RecentTargets::of_this_thread();
    events::Targets targets = recent.find(number_, matched);
    if (!targets) {
      std::vector<events::SubscriberId> ids = subscribers_of(matched);
      const std::vector<events::SubscriberId> others = subscribers_of(always_);
      ids.insert(ids.end(), others.begin(), others.end());
      targets = sets_.intern(std::move(ids));
      recent.remember(number_, matched, targets);
    }
    return targets;
  }

  const std::vector<CompiledRoute> routes_;
  const std::vector<std::uint32_t> always_;  // routes without a pattern
  const std::vector<std::uint32_t> default_routes_;
  const RouteIndex index_;
  const std::uint64_t number_;
  mutable TargetSets sets_;
  events::Targets otherwise_;  // of events that no pattern matches
};

}  // namespace

std::shared_ptr<const Router> Router::compile(const std::vector<Route>& routes,
                                              std::vector<PatternError>& errors) {
  const std::size_t errors_before = errors.size();
  std::vector<CompiledRoute> compiled;
  std::vector<std::uint32_t> always;
  std::vector<std::uint32_t> defaults;
  RouteIndex index;
  for (std::uint32_t number = 0; number < routes.size(); ++number) {
    const Route& route = routes[number];
    compiled.push_back({route.name, route.to});
    if (route.is_default) {
      defaults.push_back(number);
      if (!route.match_json.empty()) {
        errors.push_back({route.name, {}, "a default route has no match of its own"});
      }
    } else if (route.match_json.empty()) {
      always.push_back(number);
    } else if (const auto pattern = compile_pattern(route.name, route.match_json, errors)) {
      index.add(number, *pattern);
    }
  }
  if (errors.size() > errors_before) {
    return nullptr;
  }
  index.finish();
  return std::make_shared<CompiledRouter>(std::move(compiled), std::move(always),
                                          std::move(defaults), std::move(index));
}

}  // namespace aev::routing
