#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>

namespace aev {

/// A point of CLOCK_MONOTONIC: for time-outs and delays, never stored.
using MonoTime = std::chrono::steady_clock::time_point;
using Duration = std::chrono::nanoseconds;

/// Where time comes from. Thread-safe. Injected so that tests need no sleeping.
class Clock {
 public:
  virtual ~Clock() = default;
  [[nodiscard]] virtual MonoTime mono_now() const = 0;
  /// Nanoseconds since the Unix epoch; may jump when the system clock is set.
  [[nodiscard]] virtual std::int64_t unix_now_ns() const = 0;
};

/// The system's clocks. Stateless, thread-safe.
class SystemClock final : public Clock {
 public:
  [[nodiscard]] MonoTime mono_now() const override { return std::chrono::steady_clock::now(); }

  [[nodiscard]] std::int64_t unix_now_ns() const override {
    return std::chrono::duration_cast<std::chrono::nanoseconds>(
               std::chrono::system_clock::now().time_since_epoch())
        .count();
  }
};

/// A clock that moves only when told to. Thread-safe.
class ManualClock final : public Clock {
 public:
  explicit ManualClock(std::int64_t unix_ns = 1'700'000'000'000'000'000)
      : start_unix_ns_(unix_ns) {}

  [[nodiscard]] MonoTime mono_now() const override {
    return MonoTime(std::chrono::hours(1) + Duration(elapsed_ns_.load()));
  }

  [[nodiscard]] std::int64_t unix_now_ns() const override {
    return start_unix_ns_ + elapsed_ns_.load();
  }

  void advance(Duration by) { elapsed_ns_.fetch_add(by.count()); }

 private:
  const std::int64_t start_unix_ns_;
  std::atomic<std::int64_t> elapsed_ns_{0};
};

/// `2026-03-01T12:00:00.123456Z`: RFC 3339 in UTC, the fraction trimmed to whole milli-, micro- or
/// nanoseconds and left out when zero.
[[nodiscard]] std::string format_rfc3339(std::int64_t unix_ns);

/// Parses RFC 3339 (`T` or space, any offset, up to nanoseconds); false if it is not one or lies
/// outside what 64-bit nanoseconds hold.
[[nodiscard]] bool parse_rfc3339(std::string_view text, std::int64_t& unix_ns);

}  // namespace aev
