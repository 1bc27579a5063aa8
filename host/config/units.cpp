#include "config/units.h"

#include <array>
#include <charconv>
#include <cmath>
#include <limits>
#include <span>

namespace aev::config {
namespace {

struct Unit {
  std::string_view name;
  std::uint64_t factor;
};

constexpr std::array<Unit, 5> kDurations{{{"ms", 1'000'000},
                                          {"s", 1'000'000'000},
                                          {"m", 60'000'000'000},
                                          {"h", 3'600'000'000'000},
                                          {"d", 86'400'000'000'000}}};
constexpr std::array<Unit, 7> kSizes{{{"B", 1},
                                      {"KB", 1'000},
                                      {"KiB", 1u << 10},
                                      {"MB", 1'000'000},
                                      {"MiB", 1u << 20},
                                      {"GB", 1'000'000'000},
                                      {"GiB", 1u << 30}}};
constexpr std::string_view kDurationUnits = "ms, s, m, h or d";
constexpr std::string_view kSizeUnits = "B, KiB, MiB, GiB, KB, MB or GB";

Error invalid(std::string message) {
  return {ErrorCode::kInvalid, std::move(message), {}};
}

/// Digits with at most one point among them, from the front of `text`.
std::string_view take_number(std::string_view& text) {
  std::size_t length = 0;
  while (length < text.size() &&
         ((text[length] >= '0' && text[length] <= '9') || text[length] == '.')) {
    ++length;
  }
  const std::string_view number = text.substr(0, length);
  text.remove_prefix(length);
  return number;
}

std::string_view take_unit(std::string_view& text) {
  std::size_t length = 0;
  while (length < text.size() && text[length] != '.' &&
         (text[length] < '0' || text[length] > '9')) {
    ++length;
  }
  const std::string_view unit = text.substr(0, length);
  text.remove_prefix(length);
  return unit;
}

/// `number` × `factor`; whole numbers exactly, the others rounded.
bool scale(std::string_view number, std::uint64_t factor, std::uint64_t limit, std::uint64_t& out) {
  std::uint64_t whole = 0;
  const char* const end = number.data() + number.size();
  const auto as_whole = std::from_chars(number.data(), end, whole);
  if (as_whole.ec == std::errc() && as_whole.ptr == end) {
    return !__builtin_mul_overflow(whole, factor, &out) && out <= limit;
  }
  double real = 0;
  const auto as_real = std::from_chars(number.data(), end, real, std::chars_format::fixed);
  if (as_real.ec != std::errc() || as_real.ptr != end) {
    return false;
  }
  const double scaled = std::round(real * static_cast<double>(factor));
  if (!(scaled < static_cast<double>(limit))) {
    return false;
  }
  out = static_cast<std::uint64_t>(scaled);
  return true;
}

const Unit* find_unit(std::span<const Unit> units, std::string_view name) {
  for (const Unit& unit : units) {
    if (unit.name == name) {
      return &unit;
    }
  }
  return nullptr;
}

/// `several`: a sum of terms is allowed.
Result<std::uint64_t> parse_with_units(std::string_view text,
                                       std::span<const Unit> units,
                                       std::string_view names,
                                       std::string_view example,
                                       std::uint64_t limit,
                                       bool several) {
  const std::string wanted = "; write it like " + std::string(example);
  if (text == "0") {
    return std::uint64_t{0};
  }
  std::uint64_t total = 0;
  do {
    const std::string_view number = take_number(text);
    if (number.empty()) {
      return invalid("not a number with a unit" + wanted);
    }
    const std::string_view unit_name = take_unit(text);
    if (unit_name.empty()) {
      return invalid("needs a unit (" + std::string(names) + ")" + wanted);
    }
    const Unit* const unit = find_unit(units, unit_name);
    if (unit == nullptr) {
      return invalid("unknown unit; the units are " + std::string(names) + wanted);
    }
    std::uint64_t term = 0;
    if (!scale(number, unit->factor, limit, term)) {
      return invalid("not a number that fits" + wanted);
    }
    if (__builtin_add_overflow(total, term, &total) || total > limit) {
      return invalid("too large");
    }
  } while (several && !text.empty());
  if (!text.empty()) {
    return invalid("has something after the unit" + wanted);
  }
  return total;
}

}  // namespace

Result<Duration> parse_duration(std::string_view text) {
  constexpr auto kLimit = static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max());
  AEV_ASSIGN(const std::uint64_t ns,
             parse_with_units(text, kDurations, kDurationUnits, "30s or 500ms", kLimit, true));
  return Duration(static_cast<std::int64_t>(ns));
}

Result<std::uint64_t> parse_size(std::string_view text) {
  constexpr auto kLimit = static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max());
  return parse_with_units(text, kSizes, kSizeUnits, "64KiB or 20GiB", kLimit, false);
}

Result<double> parse_rate(std::string_view text) {
  const std::size_t slash = text.find('/');
  if (slash == std::string_view::npos) {
    return invalid("needs a unit of time; write it like 100/s");
  }
  const Result<double> number = parse_real(text.substr(0, slash));
  const std::string_view unit = text.substr(slash + 1);
  const double seconds = unit == "s" ? 1 : unit == "m" ? 60 : unit == "h" ? 3600 : 0;
  if (!number || !(*number > 0) || seconds == 0) {
    return invalid("not a rate; write it like 100/s, 30/m or 10/h");
  }
  return *number / seconds;
}

Result<std::uint64_t> parse_count(std::string_view text) {
  std::uint64_t value = 0;
  const char* const end = text.data() + text.size();
  const auto parsed = std::from_chars(text.data(), end, value);
  if (text.empty() || parsed.ptr != end || parsed.ec == std::errc::invalid_argument) {
    return invalid("not a whole number");
  }
  if (parsed.ec != std::errc()) {
    return invalid("too large");
  }
  return value;
}

Result<double> parse_real(std::string_view text) {
  double value = 0;
  const char* const end = text.data() + text.size();
  const auto parsed = std::from_chars(text.data(), end, value);
  if (text.empty() || parsed.ptr != end || parsed.ec != std::errc() || !std::isfinite(value)) {
    return invalid("not a number");
  }
  return value;
}

std::string format_duration(Duration duration) {
  const auto ns = static_cast<std::uint64_t>(duration.count());
  if (ns == 0) {
    return "0s";
  }
  for (std::size_t i = kDurations.size(); i-- > 0;) {
    if (ns % kDurations[i].factor == 0) {
      return std::to_string(ns / kDurations[i].factor) + std::string(kDurations[i].name);
    }
  }
  return format_real(static_cast<double>(ns) / 1e6) + "ms";
}

std::string format_size(std::uint64_t bytes) {
  for (const std::string_view name : {"GiB", "MiB", "KiB"}) {
    const std::uint64_t factor = find_unit(kSizes, name)->factor;
    if (bytes != 0 && bytes % factor == 0) {
      return std::to_string(bytes / factor) + std::string(name);
    }
  }
  return std::to_string(bytes) + "B";
}

std::string format_real(double value) {
  std::array<char, 64> buffer{};
  const auto written = std::to_chars(buffer.data(), buffer.data() + buffer.size(), value);
  return {buffer.data(), written.ptr};
}

}  // namespace aev::config
