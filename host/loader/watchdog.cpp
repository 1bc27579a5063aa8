#include "loader/watchdog.h"

#include <algorithm>
#include <chrono>

#include "core/thread_name.h"

namespace aev::loader {

Watchdog::Watchdog(const Clock& clock, Duration interval)
    : clock_(clock), interval_(interval), thread_([this] { run(); }) {}

Watchdog::~Watchdog() {
  {
    MutexLock lock(mutex_);
    stop_ = true;
    changed_.notify_all();
  }
  thread_.join();
}

void Watchdog::add(std::shared_ptr<InstanceCore> core) {
  MutexLock lock(mutex_);
  cores_.push_back(std::move(core));
  changed_.notify_all();
}

void Watchdog::remove(const InstanceCore& core) {
  MutexLock lock(mutex_);
  std::erase_if(cores_, [&](const auto& other) { return other.get() == &core; });
  while (looking_at_ == &core) {
    changed_.wait(mutex_);
  }
}

void Watchdog::run() {
  name_this_thread("aev-watchdog");
  for (;;) {
    std::vector<std::shared_ptr<InstanceCore>> round;
    {
      MutexLock lock(mutex_);
      const auto next = std::chrono::steady_clock::now() + interval_;
      while (!stop_ && (cores_.empty() || std::chrono::steady_clock::now() < next)) {
        if (cores_.empty()) {
          changed_.wait(mutex_);
        } else {
          changed_.wait_until(mutex_, next);
        }
      }
      if (stop_) {
        return;
      }
      round = cores_;
    }
    for (const auto& core : round) {
      {
        MutexLock lock(mutex_);
        if (std::find(cores_.begin(), cores_.end(), core) == cores_.end()) {
          continue;  // removed meanwhile
        }
        looking_at_ = core.get();
      }
      core->look(clock_.mono_now());
      MutexLock lock(mutex_);
      looking_at_ = nullptr;
      changed_.notify_all();
    }
  }
}

}  // namespace aev::loader
