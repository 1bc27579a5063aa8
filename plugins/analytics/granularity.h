#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string_view>

namespace aev::analytics {

inline constexpr std::int64_t kNanosPerSecond = 1'000'000'000;

/// How finely figures are kept. The numbers are in the file.
enum class Granularity : std::uint8_t { kMinute = 0, kHour = 1, kDay = 2 };

inline constexpr std::array kGranularities{Granularity::kMinute, Granularity::kHour,
                                           Granularity::kDay};

[[nodiscard]] constexpr std::int64_t seconds_of(Granularity granularity) noexcept {
  return granularity == Granularity::kMinute ? 60
         : granularity == Granularity::kHour ? 3600
                                             : 86'400;
}

[[nodiscard]] constexpr std::string_view name_of(Granularity granularity) noexcept {
  return granularity == Granularity::kMinute ? "minute"
         : granularity == Granularity::kHour ? "hour"
                                             : "day";
}

/// The start of the bucket that `unix_s` lies in; buckets are aligned to UTC.
[[nodiscard]] constexpr std::int64_t bucket_of(std::int64_t unix_s, std::int64_t width) noexcept {
  const std::int64_t rest = unix_s % width;
  return unix_s - (rest < 0 ? rest + width : rest);
}

[[nodiscard]] constexpr std::int64_t seconds_of_ns(std::int64_t unix_ns) noexcept {
  return bucket_of(unix_ns, kNanosPerSecond) / kNanosPerSecond;
}

/// How long figures are kept, in seconds; nothing: for ever.
struct Retention {
  std::array<std::optional<std::int64_t>, 3> buckets;  ///< by Granularity
  std::optional<std::int64_t> debates;

  /// Buckets that end at or before this are gone. `width` and the answer in seconds.
  [[nodiscard]] std::optional<std::int64_t> first_bucket(Granularity granularity,
                                                         std::int64_t now_s) const {
    const auto& kept = buckets[static_cast<std::size_t>(granularity)];
    if (!kept) {
      return std::nullopt;
    }
    return bucket_of(now_s - *kept, seconds_of(granularity));
  }

  /// Debates whose last event is older than this are gone; in nanoseconds.
  [[nodiscard]] std::optional<std::int64_t> first_debate_ns(std::int64_t now_s) const {
    return debates ? std::optional((now_s - *debates) * kNanosPerSecond) : std::nullopt;
  }
};

}  // namespace aev::analytics
