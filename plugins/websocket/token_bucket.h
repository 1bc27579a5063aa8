#pragma once

#include <algorithm>
#include <chrono>

namespace aev::websocket {

using MonoTime = std::chrono::steady_clock::time_point;
using Duration = std::chrono::steady_clock::duration;

/// So many per second, with a burst. Confined to one thread.
class TokenBucket {
 public:
  TokenBucket(double per_second, double burst, MonoTime now) noexcept
      : per_second_(per_second), burst_(burst), tokens_(burst), since_(now) {}

  /// Takes one; false if there is none. `now` never goes back.
  [[nodiscard]] bool take(MonoTime now) noexcept {
    refill(now);
    if (tokens_ < 1) {
      return false;
    }
    tokens_ -= 1;
    return true;
  }

  /// As full as it was at first: nothing needs to be remembered of it.
  [[nodiscard]] bool full(MonoTime now) noexcept {
    refill(now);
    return tokens_ >= burst_;
  }

 private:
  void refill(MonoTime now) noexcept {
    const double seconds = std::chrono::duration<double>(now - since_).count();
    tokens_ = std::min(burst_, tokens_ + seconds * per_second_);
    since_ = now;
  }

  double per_second_;
  double burst_;
  double tokens_;
  MonoTime since_;
};

}  // namespace aev::websocket
