#pragma once

#include <algorithm>
#include <cstddef>

#include <aev/plugin.hpp>

namespace aev::analytics {

/// How much has gathered once there is no point in waiting for more.
struct GroupSize {
  std::size_t batches = 1;
  std::size_t events = 1;

  [[nodiscard]] bool reached(std::size_t have_batches, std::size_t have_events) const noexcept {
    return have_batches >= batches || have_events >= events;
  }
};

/// All that the host may have in flight, so that nothing more can come, but no more than one
/// transaction should hold. Without `batch:` in the YAML the host leases at most max_batch_events
/// at any time, however many batches they make.
[[nodiscard]] inline GroupSize full_group(const aev_limits& limits) noexcept {
  constexpr std::size_t kMostEvents = 20'000;
  const bool batched = (limits.flags & AEV_LIMITS_BATCHED) != 0;
  return {std::max<std::size_t>(1, limits.max_in_flight_batches),
          batched ? kMostEvents : std::clamp<std::size_t>(limits.max_batch_events, 1, kMostEvents)};
}

}  // namespace aev::analytics
