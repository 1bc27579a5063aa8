#pragma once

#include "config/policies.h"
#include "core/clock.h"

namespace aev::delivery {

/// Delay before attempt `attempts` + 1: initial_interval × multiplier^(attempts-1), at most
/// max_interval, times a factor in [1-jitter, 1+jitter] chosen by `random` in [0, 1). At least 1
/// ms.
[[nodiscard]] Duration backoff(const config::RetryPolicy& policy,
                               std::uint32_t attempts,
                               double random);

/// 1 s, 2 s, 4 s … 60 s: for connections and plugin restarts, which have no policy of their own.
[[nodiscard]] Duration reconnect_backoff(std::uint32_t failures);

}  // namespace aev::delivery
