#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string_view>

namespace aev::security {

/// Ascending, so that they compare.
enum class Severity : std::uint8_t { kInfo, kLow, kMedium, kHigh, kCritical };

inline constexpr std::array<std::string_view, 5> kSeverityNames = {"info", "low", "medium", "high",
                                                                   "critical"};

[[nodiscard]] inline std::string_view to_string(Severity severity) {
  return kSeverityNames[static_cast<std::size_t>(severity)];
}

[[nodiscard]] inline std::optional<Severity> parse_severity(std::string_view name) {
  for (std::size_t i = 0; i < kSeverityNames.size(); ++i) {
    if (kSeverityNames[i] == name) {
      return static_cast<Severity>(i);
    }
  }
  return std::nullopt;
}

}  // namespace aev::security
