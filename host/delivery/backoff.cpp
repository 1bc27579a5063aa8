#include "delivery/backoff.h"

#include <algorithm>
#include <cmath>

namespace aev::delivery {

Duration backoff(const config::RetryPolicy& policy, std::uint32_t attempts, double random) {
  const double exponent = attempts == 0 ? 0 : static_cast<double>(attempts - 1);
  const auto initial = static_cast<double>(policy.initial_interval.count());
  const auto most = static_cast<double>(policy.max_interval.count());
  const double base = std::min(initial * std::pow(policy.multiplier, exponent), most);
  const double jittered = base * (1 + policy.jitter * (2 * random - 1));
  return std::max(Duration(static_cast<Duration::rep>(jittered)),
                  Duration(std::chrono::milliseconds(1)));
}

Duration reconnect_backoff(std::uint32_t failures) {
  constexpr std::uint32_t kMostDoublings = 6;
  const Duration delay = std::chrono::seconds(1ll << std::min(failures, kMostDoublings));
  return std::min<Duration>(delay, std::chrono::seconds(60));
}

}  // namespace aev::delivery
