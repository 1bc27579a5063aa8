/// config_units.hpp - durations and sizes in a plugin's configuration, written as everywhere else
/// in the host's YAML: `500ms`, `10s`, `1.5h`, `1h30m`, `7d`; `512B`, `64KiB`, `1.5GiB`, `20MB`.
///
///     options.linger = aev::sdk::duration_in("/linger", text, 0ms, 1min);
///
/// Header-only, standard library only. Everything here is pure and thread-safe.
#pragma once

#include <charconv>
#include <chrono>
#include <cmath>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include <aev/plugin.hpp>

namespace aev::sdk {
inline namespace v1 {

namespace detail {

struct Unit {
  std::string_view name;
  std::int64_t factor;
};

/// The sum of the terms, each a number and a unit; nothing if `text` is not that, or passes 2^53,
/// up to which a fraction's product is exact enough to be rounded. A bare 0 needs no unit.
[[nodiscard]] inline std::optional<std::int64_t> sum_of_terms(std::string_view text,
                                                              std::span<const Unit> units) {
  constexpr double kMost = 9007199254740992.0;
  if (text == "0") {
    return 0;
  }
  double total = 0;
  do {
    double number = 0;
    const auto [end, error] =
        std::from_chars(text.data(), text.data() + text.size(), number, std::chars_format::fixed);
    if (error != std::errc() || !(number >= 0) || text.front() == '-') {
      return std::nullopt;
    }
    text.remove_prefix(static_cast<std::size_t>(end - text.data()));
    const std::string_view name = text.substr(0, text.find_first_of("0123456789."));
    text.remove_prefix(name.size());
    const Unit* found = nullptr;
    for (const Unit& unit : units) {
      found = unit.name == name ? &unit : found;
    }
    if (found == nullptr) {
      return std::nullopt;
    }
    total += std::round(number * static_cast<double>(found->factor));
    if (!(total <= kMost)) {
      return std::nullopt;
    }
  } while (!text.empty());
  return static_cast<std::int64_t>(total);
}

}  // namespace detail

/// Nothing if `text` is no duration.
[[nodiscard]] inline std::optional<std::chrono::milliseconds> parse_duration(
    std::string_view text) {
  static constexpr detail::Unit kUnits[] = {
      {"ms", 1}, {"s", 1'000}, {"m", 60'000}, {"h", 3'600'000}, {"d", 86'400'000}};
  const auto sum = detail::sum_of_terms(text, kUnits);
  return sum ? std::optional(std::chrono::milliseconds(*sum)) : std::nullopt;
}

/// In bytes; nothing if `text` is no size.
[[nodiscard]] inline std::optional<std::int64_t> parse_size(std::string_view text) {
  static constexpr detail::Unit kUnits[] = {
      {"B", 1},         {"KB", 1'000},         {"KiB", 1 << 10}, {"MB", 1'000'000},
      {"MiB", 1 << 20}, {"GB", 1'000'000'000}, {"GiB", 1 << 30}};
  return detail::sum_of_terms(text, kUnits);
}

/// The shortest form that parse_duration() reads back: `90m`, `1500ms`, `0s`.
[[nodiscard]] inline std::string format_duration(std::chrono::milliseconds duration) {
  const std::int64_t ms = duration.count();
  return ms % 86'400'000 == 0 && ms != 0  ? std::to_string(ms / 86'400'000) + "d"
         : ms % 3'600'000 == 0 && ms != 0 ? std::to_string(ms / 3'600'000) + "h"
         : ms % 60'000 == 0 && ms != 0    ? std::to_string(ms / 60'000) + "m"
         : ms % 1'000 == 0                ? std::to_string(ms / 1'000) + "s"
                                          : std::to_string(ms) + "ms";
}

/// The shortest form that parse_size() reads back: `20GiB`, `1000B`.
[[nodiscard]] inline std::string format_size(std::int64_t bytes) {
  return bytes % (1 << 30) == 0 && bytes != 0   ? std::to_string(bytes / (1 << 30)) + "GiB"
         : bytes % (1 << 20) == 0 && bytes != 0 ? std::to_string(bytes / (1 << 20)) + "MiB"
         : bytes % (1 << 10) == 0 && bytes != 0 ? std::to_string(bytes / (1 << 10)) + "KiB"
                                                : std::to_string(bytes) + "B";
}

/// The duration that `text`, the value at `path` of the configuration, says. Throws ConfigError if
/// it is none, or not from `least` to `most`.
[[nodiscard]] inline std::chrono::milliseconds duration_in(const std::string& path,
                                                           std::string_view text,
                                                           std::chrono::milliseconds least,
                                                           std::chrono::milliseconds most) {
  const auto value = parse_duration(text);
  if (!value) {
    throw ConfigError(path, "'" + std::string(text) +
                                "' is not a duration; write it like 500ms, 10s, 5m, 36h or 7d");
  }
  if (*value < least || *value > most) {
    throw ConfigError(path, "'" + std::string(text) + "' is not from " + format_duration(least) +
                                " to " + format_duration(most));
  }
  return *value;
}

/// The size in bytes that `text`, the value at `path` of the configuration, says. Throws
/// ConfigError if it is none, or not from `least` to `most`.
[[nodiscard]] inline std::int64_t size_in(const std::string& path,
                                          std::string_view text,
                                          std::int64_t least,
                                          std::int64_t most) {
  const auto value = parse_size(text);
  if (!value) {
    throw ConfigError(path, "'" + std::string(text) +
                                "' is not a size; write it like 512B, 64KiB, 16MiB or 2GiB");
  }
  if (*value < least || *value > most) {
    throw ConfigError(path, "'" + std::string(text) + "' is not from " + format_size(least) +
                                " to " + format_size(most));
  }
  return *value;
}

}  // namespace v1
}  // namespace aev::sdk
