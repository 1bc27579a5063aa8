#pragma once

#include <memory>
#include <thread>
#include <vector>

#include "core/clock.h"
#include "core/mutex.h"
#include "loader/instance_core.h"

namespace aev::loader {

/// Looks at every instance in turn, on a thread of its own, so that a plugin call that does not
/// come back is noticed. Thread-safe.
class Watchdog {
 public:
  /// `clock` is borrowed; `interval` is real time.
  Watchdog(const Clock& clock, Duration interval);
  ~Watchdog();
  Watchdog(const Watchdog&) = delete;
  Watchdog& operator=(const Watchdog&) = delete;

  void add(std::shared_ptr<InstanceCore> core) AEV_EXCLUDES(mutex_);
  /// After the return the core is not looked at any more. Not to be called by a listener.
  void remove(const InstanceCore& core) AEV_EXCLUDES(mutex_);

 private:
  void run() AEV_EXCLUDES(mutex_);

  const Clock& clock_;
  const Duration interval_;
  Mutex mutex_;
  CondVar changed_;
  bool stop_ AEV_GUARDED_BY(mutex_) = false;
  std::vector<std::shared_ptr<InstanceCore>> cores_ AEV_GUARDED_BY(mutex_);
  const InstanceCore* looking_at_ AEV_GUARDED_BY(mutex_) = nullptr;
  std::thread thread_;  // last: starts when the rest is there
};

}  // namespace aev::loader
