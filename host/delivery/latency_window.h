#pragma once

#include <array>
#include <cstdint>

#include "core/clock.h"
#include "delivery/dispatcher.h"

namespace aev::delivery {

/// Durations of the last thousand attempts. Confined to one thread.
class LatencyWindow {
 public:
  void add(Duration duration);
  [[nodiscard]] LatencySummary summary() const;

 private:
  static constexpr std::size_t kSamples = 1000;
  std::array<float, kSamples> milliseconds_{};
  std::uint64_t count_ = 0;
};

}  // namespace aev::delivery
