#include "app/reload_turns.h"

namespace aev::app {

ReloadReport ReloadTurns::run(const Body& body) {
  std::uint64_t number = 0;
  {
    const MutexLock lock(mutex_);
    const std::uint64_t before = begun_;
    while (busy_ && !closed_) {
      changed_.wait(mutex_);
      if (done_ > before) {
        return last_;  // it began after this call
      }
    }
    if (closed_) {
      ReloadReport refused;
      refused.refused = Error{ErrorCode::kConflict, "the host is stopping", {}};
      return refused;
    }
    busy_ = true;
    number = ++begun_;
  }
  ReloadReport report = body();
  {
    const MutexLock lock(mutex_);
    done_ = number;
    last_ = report;
  }
  end_turn();
  return report;
}

bool ReloadTurns::alone(const std::function<void()>& body) {
  {
    const MutexLock lock(mutex_);
    while (busy_ && !closed_) {
      changed_.wait(mutex_);
    }
    if (closed_) {
      return false;
    }
    busy_ = true;
  }
  body();
  end_turn();
  return true;
}

void ReloadTurns::close() {
  const MutexLock lock(mutex_);
  closed_ = true;
  changed_.notify_all();
  while (busy_) {
    changed_.wait(mutex_);
  }
}

void ReloadTurns::end_turn() {
  const MutexLock lock(mutex_);
  busy_ = false;
  changed_.notify_all();
}

}  // namespace aev::app
