#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "core/clock.h"

namespace aev::config {

/// Back-off before attempt n+1: initial_interval × multiplier^(n-1), at most max_interval, then
/// multiplied by a random factor in [1-jitter, 1+jitter].
struct RetryPolicy {
  std::uint32_t max_attempts = 4;  ///< counting the first; 1 = never retry
  Duration initial_interval = std::chrono::seconds(5);
  double multiplier = 2;
  Duration max_interval = std::chrono::minutes(5);
  double jitter = 0.2;                            ///< 0 to 1
  Duration max_elapsed = std::chrono::hours(24);  ///< since the first attempt; 0 = no limit

  bool operator==(const RetryPolicy&) const = default;
};

struct DeadLetterPolicy {
  Duration retention = std::chrono::hours(72);  ///< 0 = kept until retried or discarded
  std::uint64_t max_events = 1'000'000;         ///< the oldest go first; 0 = no limit

  bool operator==(const DeadLetterPolicy&) const = default;
};

/// When present, events are delivered in units of up to max_events; a unit leaves when it is full
/// or its oldest event has waited max_delay.
struct BatchPolicy {
  std::uint32_t max_events = 100;
  std::uint64_t max_bytes = 1u << 20;
  Duration max_delay = std::chrono::seconds(1);

  bool operator==(const BatchPolicy&) const = default;
};

/// Opens after `failures` failed attempts in a row; after `cooldown` one attempt probes.
struct BreakerPolicy {
  std::uint32_t failures = 10;  ///< 0 = no breaker
  Duration cooldown = std::chrono::seconds(30);

  bool operator==(const BreakerPolicy&) const = default;
};

/// Token bucket over events; a burst of one second's worth.
struct RateLimit {
  double per_second = 0;  ///< 0 = no limit

  bool operator==(const RateLimit&) const = default;
};

enum class AttemptLog : std::uint8_t { kNone, kFailures, kAll };

/// What the host does for one subscriber, whatever its plugin.
struct DeliveryPolicy {
  RetryPolicy retry;
  DeadLetterPolicy dead_letter;
  std::optional<BatchPolicy> batch;
  /// In flight at once: events, or batches when `batch` is set.
  std::uint32_t concurrency = 8;
  /// Empty: no order. `debate_id`, `event_type`, `source`, or an attribute's name.
  std::string order_by;
  RateLimit rate_limit;
  BreakerPolicy circuit_breaker;
  Duration timeout = std::chrono::seconds(30);  ///< of one attempt
  AttemptLog attempt_log = AttemptLog::kFailures;

  bool operator==(const DeliveryPolicy&) const = default;
};

}  // namespace aev::config
