#include "ingest/timestamp.h"

#include <charconv>
#include <cmath>

namespace aev::ingest {
namespace {

constexpr std::int64_t kNanosPerSecond = 1'000'000'000;
constexpr std::int64_t kMostSeconds = 9'200'000'000;  // year 2261; 2^63 ns is a little later

bool from_double(std::string_view number, std::int64_t& unix_ns) {
  double seconds = 0;
  const auto [end, error] = std::from_chars(number.data(), number.data() + number.size(), seconds);
  if (error != std::errc() || end != number.data() + number.size() ||
      !(std::fabs(seconds) <= static_cast<double>(kMostSeconds))) {
    return false;
  }
  unix_ns = std::llround(seconds * static_cast<double>(kNanosPerSecond));
  return true;
}

}  // namespace

bool parse_unix_seconds(std::string_view number, std::int64_t& unix_ns) {
  if (number.find_first_of("eE") != std::string_view::npos) {
    return from_double(number, unix_ns);
  }
  const bool negative = number.starts_with('-');
  if (negative) {
    number.remove_prefix(1);
  }
  std::int64_t seconds = 0;
  const auto [end, error] = std::from_chars(number.data(), number.data() + number.size(), seconds);
  if (error != std::errc() || seconds > kMostSeconds) {
    return false;
  }
  std::string_view rest = number.substr(static_cast<std::size_t>(end - number.data()));
  std::int64_t fraction = 0;
  if (rest.starts_with('.')) {
    std::int64_t scale = kNanosPerSecond / 10;
    for (rest.remove_prefix(1); !rest.empty() && rest.front() >= '0' && rest.front() <= '9';
         rest.remove_prefix(1)) {
      fraction += (rest.front() - '0') * scale;
      scale /= 10;
    }
  }
  if (!rest.empty()) {
    return false;
  }
  unix_ns = seconds * kNanosPerSecond + fraction;
  unix_ns = negative ? -unix_ns : unix_ns;
  return true;
}

}  // namespace aev::ingest
