#pragma once

#include <memory>
#include <utility>

#include "core/mutex.h"

namespace aev {

/// A place for an immutable value that readers take while somebody puts another there; whoever has
/// taken one keeps it. Stands in for std::atomic<std::shared_ptr>, which in the library of GCC 12
/// lets a store() race with a load() (the latter gives its lock back without release). Thread-safe.
template <typename T>
class Snapshot {
 public:
  /// Null before the first store().
  [[nodiscard]] std::shared_ptr<const T> load() const AEV_EXCLUDES(mutex_) {
    const MutexLock lock(mutex_);
    return value_;
  }

  void store(std::shared_ptr<const T> value) AEV_EXCLUDES(mutex_) {
    {
      const MutexLock lock(mutex_);
      value_.swap(value);
    }
    // What was there before ends here, if nobody else has it, and holds up no reader.
  }

 private:
  mutable Mutex mutex_;
  std::shared_ptr<const T> value_ AEV_GUARDED_BY(mutex_);
};

}  // namespace aev
