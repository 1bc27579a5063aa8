#pragma once

#include <algorithm>
#include <cstdint>

#include "core/clock.h"

namespace aev::delivery {

/// Token bucket over events, with a burst of one second's worth and at least one. A rate of 0 is no
/// limit. Confined to one thread.
class RateBucket {
 public:
  RateBucket(double per_second, MonoTime now)
      : per_second_(per_second), burst_(std::max(per_second, 1.0)), tokens_(burst_), at_(now) {}

  /// Takes another rate. What has been spent stays spent: a change is no new burst.
  void change(double per_second, MonoTime now) {
    if (per_second == per_second_) {
      return;
    }
    if (per_second_ <= 0) {
      *this = RateBucket(per_second, now);
      return;
    }
    refill(now);
    per_second_ = per_second;
    burst_ = std::max(per_second, 1.0);
    tokens_ = std::min(tokens_, burst_);
  }

  /// How many of `wanted` events may go now.
  [[nodiscard]] std::size_t allowed(std::size_t wanted, MonoTime now) {
    if (per_second_ <= 0) {
      return wanted;
    }
    refill(now);
    return std::min(wanted, static_cast<std::size_t>(tokens_));
  }

  void take(std::size_t events) { tokens_ -= per_second_ <= 0 ? 0 : static_cast<double>(events); }

  /// When the next event may go.
  [[nodiscard]] MonoTime next() const {
    if (per_second_ <= 0 || tokens_ >= 1) {
      return at_;
    }
    return at_ +
           std::chrono::duration_cast<Duration>(
               std::chrono::duration<double>((1 - tokens_) / per_second_)) +
           Duration(1);
  }

 private:
  void refill(MonoTime now) {
    tokens_ =
        std::min(burst_, tokens_ + std::chrono::duration<double>(now - at_).count() * per_second_);
    at_ = now;
  }

  double per_second_;
  double burst_;
  double tokens_;
  MonoTime at_;
};

}  // namespace aev::delivery
