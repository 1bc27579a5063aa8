#include "routing/target_cache.h"

#include <algorithm>

namespace aev::routing {
namespace {

constexpr std::size_t kMaxSets = 4096;
constexpr std::size_t kEntries = 256;  // a power of two

}  // namespace

events::Targets TargetSets::intern(std::vector<events::SubscriberId> ids) {
  events::Targets made = events::TargetSet::create(std::move(ids));
  const MutexLock lock(mutex_);
  const auto found = sets_.find(made->ids());
  if (found != sets_.end()) {
    return found->second;
  }
  if (sets_.size() < kMaxSets) {
    sets_.emplace(made->ids(), made);
  }
  return made;
}

RecentTargets& RecentTargets::of_this_thread() {
  thread_local RecentTargets own;
  return own;
}

RecentTargets::RecentTargets() : entries_(kEntries) {}

RecentTargets::Entry& RecentTargets::slot(std::uint64_t router,
                                          std::span<const std::uint32_t> routes) {
  std::uint64_t hash = router * 0x9E3779B97F4A7C15u;
  for (const std::uint32_t route : routes) {
    hash = (hash ^ route) * 0x100000001B3u;
  }
  return entries_[(hash ^ (hash >> 32)) & (kEntries - 1)];
}

events::Targets RecentTargets::find(std::uint64_t router, std::span<const std::uint32_t> routes) {
  const Entry& entry = slot(router, routes);
  const bool same =
      entry.targets && entry.router == router &&
      std::equal(entry.routes.begin(), entry.routes.end(), routes.begin(), routes.end());
  return same ? entry.targets : nullptr;
}

void RecentTargets::remember(std::uint64_t router,
                             std::span<const std::uint32_t> routes,
                             const events::Targets& targets) {
  Entry& entry = slot(router, routes);
  entry.router = router;
  entry.routes.assign(routes.begin(), routes.end());
  entry.targets = targets;
}

}  // namespace aev::routing
