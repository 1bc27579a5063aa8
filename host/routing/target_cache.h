#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <span>
#include <vector>

#include "core/mutex.h"
#include "events/targets.h"

namespace aev::routing {

/// Interned sets of targets. Thread-safe. Bounded: beyond that a set is made anew each time.
class TargetSets {
 public:
  [[nodiscard]] events::Targets intern(std::vector<events::SubscriberId> ids) AEV_EXCLUDES(mutex_);

 private:
  Mutex mutex_;
  std::map<std::vector<events::SubscriberId>, events::Targets> sets_ AEV_GUARDED_BY(mutex_);
};

/// Remembers, for the calling thread, which targets a set of matching routes came to, so that a
/// busy thread neither locks nor allocates. A fixed number of entries; a newer one takes an older
/// one's place.
class RecentTargets {
 public:
  /// The calling thread's own.
  [[nodiscard]] static RecentTargets& of_this_thread();

  /// `router` is a number that no other router ever had. Null if not remembered.
  [[nodiscard]] events::Targets find(std::uint64_t router, std::span<const std::uint32_t> routes);
  void remember(std::uint64_t router,
                std::span<const std::uint32_t> routes,
                const events::Targets& targets);

 private:
  struct Entry {
    std::uint64_t router = 0;
    std::vector<std::uint32_t> routes;
    events::Targets targets;
  };

  RecentTargets();
  Entry& slot(std::uint64_t router, std::span<const std::uint32_t> routes);

  std::vector<Entry> entries_;
};

}  // namespace aev::routing
