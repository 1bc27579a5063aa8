#pragma once

#include <cstdint>

#include "config/policies.h"
#include "core/clock.h"

namespace aev::delivery {

/// Circuit breaker: after `failures` failed attempts in a row nothing goes out for `cooldown`, then
/// one event probes. Confined to one thread.
class Breaker {
 public:
  explicit Breaker(config::BreakerPolicy policy) : policy_(policy) {}

  enum class State : std::uint8_t { kClosed, kOpen, kHalfOpen };

  [[nodiscard]] State state(MonoTime now) const {
    if (!open_) {
      return State::kClosed;
    }
    return now < until_ ? State::kOpen : State::kHalfOpen;
  }

  /// When an open breaker lets a probe through.
  [[nodiscard]] MonoTime until() const { return until_; }

  /// Takes another policy; an open breaker stays open for the cooldown that it began.
  void change(config::BreakerPolicy policy) {
    policy_ = policy;
    if (policy_.failures == 0) {
      succeeded();
    }
  }

  void succeeded() {
    open_ = false;
    failed_in_a_row_ = 0;
  }

  void failed(MonoTime now) {
    if (policy_.failures != 0 && ++failed_in_a_row_ >= policy_.failures) {
      open_ = true;
      until_ = now + policy_.cooldown;
    }
  }

 private:
  config::BreakerPolicy policy_;
  std::uint32_t failed_in_a_row_ = 0;
  bool open_ = false;
  MonoTime until_{};
};

}  // namespace aev::delivery
