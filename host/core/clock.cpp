#include "core/clock.h"

#include <array>
#include <cstdio>

namespace aev {
namespace {

constexpr std::int64_t kNanosPerSecond = 1'000'000'000;

/// Reads exactly `count` digits at `pos`.
bool take_digits(std::string_view text, std::size_t& pos, std::size_t count, int& value) {
  value = 0;
  if (text.size() < pos + count) {
    return false;
  }
  for (std::size_t i = 0; i < count; ++i, ++pos) {
    const char c = text[pos];
    if (c < '0' || c > '9') {
      return false;
    }
    value = value * 10 + (c - '0');
  }
  return true;
}

bool take_char(std::string_view text, std::size_t& pos, std::string_view allowed) {
  if (pos >= text.size() || allowed.find(text[pos]) == std::string_view::npos) {
    return false;
  }
  ++pos;
  return true;
}

/// Seconds to subtract for the offset at `pos`; `pos` must end at the end of the text.
bool take_offset(std::string_view text, std::size_t& pos, std::int64_t& offset_s) {
  offset_s = 0;
  if (take_char(text, pos, "Zz")) {
    return pos == text.size();
  }
  if (!take_char(text, pos, "+-")) {
    return false;
  }
  const int sign = text[pos - 1] == '-' ? -1 : 1;
  int hours = 0;
  int minutes = 0;
  if (!take_digits(text, pos, 2, hours) || !take_char(text, pos, ":") ||
      !take_digits(text, pos, 2, minutes) || hours > 23 || minutes > 59) {
    return false;
  }
  offset_s = sign * (hours * 3600 + minutes * 60);
  return pos == text.size();
}

}  // namespace

std::string format_rfc3339(std::int64_t unix_ns) {
  using namespace std::chrono;
  const std::int64_t seconds_part =
      unix_ns >= 0 ? unix_ns / kNanosPerSecond : (unix_ns - kNanosPerSecond + 1) / kNanosPerSecond;
  const std::int64_t fraction = unix_ns - seconds_part * kNanosPerSecond;
  const sys_seconds when{seconds{seconds_part}};
  const sys_days day = floor<days>(when);
  const year_month_day date{day};
  const hh_mm_ss time{when - day};

  std::array<char, 40> text{};
  int length = std::snprintf(
      text.data(), text.size(), "%04d-%02u-%02uT%02d:%02d:%02d", static_cast<int>(date.year()),
      static_cast<unsigned>(date.month()), static_cast<unsigned>(date.day()),
      static_cast<int>(time.hours().count()), static_cast<int>(time.minutes().count()),
      static_cast<int>(time.seconds().count()));
  const auto append = [&](const char* format, std::int64_t value) {
    const auto used = static_cast<std::size_t>(length);
    length += std::snprintf(text.data() + used, text.size() - used, format,
                            static_cast<long long>(value));
  };
  if (fraction % 1'000'000 == 0) {
    if (fraction != 0) {
      append(".%03lld", fraction / 1'000'000);
    }
  } else if (fraction % 1000 == 0) {
    append(".%06lld", fraction / 1000);
  } else {
    append(".%09lld", fraction);
  }
  return std::string(text.data(), static_cast<std::size_t>(length)) + "Z";
}

bool parse_rfc3339(std::string_view text, std::int64_t& unix_ns) {
  using namespace std::chrono;
  std::size_t pos = 0;
  int y = 0;
  int mo = 0;
  int d = 0;
  int h = 0;
  int mi = 0;
  int s = 0;
  if (!take_digits(text, pos, 4, y) || !take_char(text, pos, "-") ||
      !take_digits(text, pos, 2, mo) || !take_char(text, pos, "-") ||
      !take_digits(text, pos, 2, d) || !take_char(text, pos, "Tt ") ||
      !take_digits(text, pos, 2, h) || !take_char(text, pos, ":") ||
      !take_digits(text, pos, 2, mi) || !take_char(text, pos, ":") ||
      !take_digits(text, pos, 2, s)) {
    return false;
  }
  const year_month_day date{year{y}, month{static_cast<unsigned>(mo)},
                            day{static_cast<unsigned>(d)}};
  // 1678 to 2261 is what 64-bit nanoseconds around 1970 can hold; :60 is a leap second.
  if (!date.ok() || y < 1678 || y > 2261 || h > 23 || mi > 59 || s > 60) {
    return false;
  }
  std::int64_t fraction = 0;
  if (take_char(text, pos, ".")) {
    std::int64_t scale = kNanosPerSecond / 10;
    const std::size_t begin = pos;
    while (pos < text.size() && text[pos] >= '0' && text[pos] <= '9') {
      fraction += (text[pos] - '0') * scale;
      scale /= 10;
      ++pos;
    }
    if (pos == begin) {
      return false;
    }
  }
  std::int64_t offset_s = 0;
  if (!take_offset(text, pos, offset_s)) {
    return false;
  }
  const std::int64_t seconds_part =
      sys_days{date}.time_since_epoch().count() * std::int64_t{86400} + h * 3600 + mi * 60 + s;
  unix_ns = (seconds_part - offset_s) * kNanosPerSecond + fraction;
  return true;
}

}  // namespace aev
