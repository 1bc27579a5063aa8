#pragma once

#include "core/mutex.h"

namespace aev::loader {

/// Lets plugin threads into the host, until it is closed for good. After close() has returned
/// nobody is inside, so what they used may go away while the plugin lives on. Thread-safe.
class Gate {
 public:
  /// One thread's stay inside; false if the gate was closed before.
  class Pass {
   public:
    explicit Pass(Gate& gate) : gate_(gate.enter() ? &gate : nullptr) {}

    ~Pass() {
      if (gate_ != nullptr) {
        gate_->leave();
      }
    }

    Pass(const Pass&) = delete;
    Pass& operator=(const Pass&) = delete;

    explicit operator bool() const { return gate_ != nullptr; }

   private:
    Gate* const gate_;
  };

  /// Waits for those inside; must not be called from inside.
  void close() AEV_EXCLUDES(mutex_) {
    MutexLock lock(mutex_);
    closed_ = true;
    while (inside_ != 0) {
      empty_.wait(mutex_);
    }
  }

 private:
  bool enter() AEV_EXCLUDES(mutex_) {
    MutexLock lock(mutex_);
    if (!closed_) {
      ++inside_;
    }
    return !closed_;
  }

  void leave() AEV_EXCLUDES(mutex_) {
    MutexLock lock(mutex_);
    if (--inside_ == 0 && closed_) {
      empty_.notify_all();
    }
  }

  Mutex mutex_;
  CondVar empty_;
  unsigned inside_ AEV_GUARDED_BY(mutex_) = 0;
  bool closed_ AEV_GUARDED_BY(mutex_) = false;
};

}  // namespace aev::loader
