#include "units.h"

#include <charconv>
#include <string_view>
#include <utility>

#include <aev/plugin.hpp>

namespace aev::kafka {
namespace {

/// The number in front and the unit behind it; the number is negative if there is none.
std::pair<std::int64_t, std::string_view> split(std::string_view written) {
  std::int64_t count = -1;
  const auto [unit, error] =
      std::from_chars(written.data(), written.data() + written.size(), count);
  if (error != std::errc()) {
    return {-1, {}};
  }
  return {count, written.substr(static_cast<std::size_t>(unit - written.data()))};
}

std::int64_t bytes_of(std::string_view unit) {
  constexpr std::pair<std::string_view, std::int64_t> kUnits[] = {
      {"B", 1},         {"kB", 1000},          {"KiB", 1 << 10},   {"MB", 1'000'000},
      {"MiB", 1 << 20}, {"GB", 1'000'000'000}, {"GiB", 1ll << 30},
  };
  for (const auto& [name, bytes] : kUnits) {
    if (unit == name) {
      return bytes;
    }
  }
  return 0;
}

}  // namespace

std::chrono::milliseconds parse_duration(const std::string& written, const std::string& path) {
  constexpr std::int64_t kDayMs = 86'400'000;
  const auto [count, unit] = split(written);
  const std::int64_t factor = unit == "ms" ? 1 : unit == "s" ? 1000 : unit == "m" ? 60'000 : 0;
  if (count < 0 || factor == 0 || count > kDayMs / factor) {
    throw sdk::ConfigError(
        path, "'" + written + "' is not a duration such as 5ms, 10s or 1m, of a day at most");
  }
  return std::chrono::milliseconds(count * factor);
}

std::int64_t parse_size(const std::string& written, const std::string& path, std::int64_t most) {
  const auto [count, unit] = split(written);
  const std::int64_t factor = bytes_of(unit);
  if (count <= 0 || factor == 0 || count > most / factor) {
    throw sdk::ConfigError(path, "'" + written +
                                     "' is not a size such as 64KiB or 1MiB, from 1B to " +
                                     std::to_string(most) + "B");
  }
  return count * factor;
}

}  // namespace aev::kafka
