#include "units.h"

#include <charconv>
#include <cstdint>
#include <utility>

namespace aev::websocket {
namespace {

/// The number at the start and what follows it; -1 if there is none.
std::pair<std::int64_t, std::string_view> split(std::string_view text) {
  std::int64_t count = -1;
  const char* const end = text.data() + text.size();
  const auto [rest, error] = std::from_chars(text.data(), end, count);
  if (error != std::errc()) {
    return {-1, text};
  }
  return {count, std::string_view(rest, static_cast<std::size_t>(end - rest))};
}

}  // namespace

std::optional<std::chrono::milliseconds> parse_duration(std::string_view text) {
  constexpr std::int64_t kDay = 86'400'000;
  const auto [count, unit] = split(text);
  const std::int64_t factor = unit == "ms"  ? 1
                              : unit == "s" ? 1'000
                              : unit == "m" ? 60'000
                              : unit == "h" ? 3'600'000
                                            : 0;
  if (factor == 0 || count <= 0 || count > kDay / factor) {
    return std::nullopt;
  }
  return std::chrono::milliseconds(count * factor);
}

std::optional<std::size_t> parse_size(std::string_view text) {
  constexpr std::int64_t kMost = 1 << 30;
  const auto [count, unit] = split(text);
  const std::int64_t factor = unit == "B"     ? 1
                              : unit == "KiB" ? 1 << 10
                              : unit == "MiB" ? 1 << 20
                              : unit == "GiB" ? 1 << 30
                                              : 0;
  if (factor == 0 || count <= 0 || count > kMost / factor) {
    return std::nullopt;
  }
  return static_cast<std::size_t>(count * factor);
}

}  // namespace aev::websocket
