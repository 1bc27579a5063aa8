#pragma once

#include <condition_variable>
#include <cstdint>
#include <mutex>
#include <vector>

#include <aev/plugin.hpp>

namespace aev::kafka {

/// What became of a request to the host.
struct Answer {
  std::uint64_t ticket = 0;
  sdk::Status status;
};

/// Carries the host's answers to the thread that asked. Thread-safe.
class AnswerBox {
 public:
  void put(std::uint64_t ticket, const sdk::Status& status) {
    const std::lock_guard lock(mutex_);
    answers_.push_back({ticket, status});
    changed_.notify_one();
  }

  /// Makes wait() return.
  void wake() {
    const std::lock_guard lock(mutex_);
    woken_ = true;
    changed_.notify_one();
  }

  /// All there are; never waits.
  [[nodiscard]] std::vector<Answer> take() {
    const std::lock_guard lock(mutex_);
    return std::exchange(answers_, {});
  }

  /// Until there is an answer, wake() was called, or `until`.
  void wait(sdk::MonoTime until) {
    std::unique_lock lock(mutex_);
    changed_.wait_until(lock, until, [this] { return !answers_.empty() || woken_; });
    woken_ = false;
  }

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  std::vector<Answer> answers_;  // guarded by mutex_
  bool woken_ = false;           // guarded by mutex_
};

}  // namespace aev::kafka
