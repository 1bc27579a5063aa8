#include "routing/router.h"

#include <algorithm>
#include <atomic>
#include <iterator>

#include "routing/event_view.h"
#include "routing/pattern_compiler.h"
#include "routing/pattern_match.h"
#include "routing/route_table.h"
#include "routing/target_cache.h"

namespace aev::routing {
namespace {

/// Numbers the routers of this process, so that a thread's memory of one is never taken for
/// another's.
std::uint64_t next_number() {
  static std::atomic<std::uint64_t> last{0};
  return last.fetch_add(1, std::memory_order_relaxed) + 1;
}

class CompiledRouter final : public Router {
 public:
  explicit CompiledRouter(std::vector<CompiledRoute> routes)
      : table_(std::move(routes)), number_(next_number()) {}

  [[nodiscard]] Match route(const events::Event& event) const override {
    const Plan& plan = table_.plan_for(event.event_type());
    thread_local std::vector<std::uint32_t> matched;  // keeps its memory from event to event
    matched.clear();
    if (!plan.to_check.empty()) {
      check(plan, event, matched);
    }
    if (matched.empty()) {
      return {plan.certain_targets, plan.certain.empty() && table_.default_routes().empty()};
    }
    add_certain(plan, matched);
    return {targets_of(matched), false};
  }

  [[nodiscard]] std::vector<std::string> matching_routes(
      const events::Event& event) const override {
    const Plan& plan = table_.plan_for(event.event_type());
    std::vector<std::uint32_t> matched;
    check(plan, event, matched);
    add_certain(plan, matched);
    if (matched.empty()) {
      matched = table_.default_routes();
    }
    std::sort(matched.begin(), matched.end());
    std::vector<std::string> names;
    for (const std::uint32_t index : matched) {
      names.push_back(table_.routes()[index].name);
    }
    return names;
  }

 private:
  void check(const Plan& plan,
             const events::Event& event,
             std::vector<std::uint32_t>& matched) const {
    EventView view(event);
    for (const std::uint32_t index : plan.to_check) {
      if (matches(*table_.routes()[index].pattern, view)) {
        matched.push_back(index);
      }
    }
  }

  static void add_certain(const Plan& plan, std::vector<std::uint32_t>& matched) {
    matched.insert(matched.end(), plan.certain.begin(), plan.certain.end());
  }

  events::Targets targets_of(const std::vector<std::uint32_t>& matched) const {
    RecentTargets& recent = RecentTargets::of_this_thread();
    events::Targets targets = recent.find(number_, matched);
    if (!targets) {
      std::vector<events::SubscriberId> ids;
      for (const std::uint32_t index : matched) {
        const std::vector<events::SubscriberId>& to = table_.routes()[index].to;
        ids.insert(ids.end(), to.begin(), to.end());
      }
      targets = sets_.intern(std::move(ids));
      recent.remember(number_, matched, targets);
    }
    return targets;
  }

  const RouteTable table_;
  const std::uint64_t number_;
  mutable TargetSets sets_;
};

}  // namespace

std::shared_ptr<const Router> Router::compile(const std::vector<Route>& routes,
                                              std::vector<PatternError>& errors) {
  const std::size_t errors_before = errors.size();
  std::vector<CompiledRoute> compiled;
  compiled.reserve(routes.size());
  for (const Route& route : routes) {
    CompiledRoute out{route.name, std::nullopt, route.is_default, route.to};
    if (route.is_default && !route.match_json.empty()) {
      errors.push_back({route.name, {}, "a default route has no match of its own"});
    } else if (!route.match_json.empty()) {
      out.pattern = compile_pattern(route.name, route.match_json, errors);
    }
    compiled.push_back(std::move(out));
  }
  if (errors.size() > errors_before) {
    return nullptr;
  }
  return std::make_shared<CompiledRouter>(std::move(compiled));
}

}  // namespace aev::routing
