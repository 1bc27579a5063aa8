#include "query_parameters.h"

#include <algorithm>
#include <charconv>
#include <chrono>
#include <cmath>

#include <Poco/JSON/Parser.h>

#include "granularity.h"

namespace aev::analytics {
namespace {

/// 2^63 nanoseconds end a little later.
constexpr std::int64_t kMostSeconds = 9'200'000'000;

/// `count` digits at the front of `text`, which it takes off.
std::optional<int> take_digits(std::string_view& text, std::size_t count) {
  int value = 0;
  if (text.size() < count) {
    return std::nullopt;
  }
  for (const char c : text.substr(0, count)) {
    if (c < '0' || c > '9') {
      return std::nullopt;
    }
    value = value * 10 + (c - '0');
  }
  text.remove_prefix(count);
  return value;
}

bool take(std::string_view& text, std::string_view any_of) {
  const bool found = !text.empty() && any_of.find(text.front()) != std::string_view::npos;
  text.remove_prefix(found ? 1 : 0);
  return found;
}

std::int64_t take_fraction_ns(std::string_view& text) {
  std::int64_t fraction = 0;
  for (std::int64_t scale = kNanosPerSecond / 10;
       !text.empty() && text.front() >= '0' && text.front() <= '9'; scale /= 10) {
    fraction += (text.front() - '0') * scale;
    text.remove_prefix(1);
  }
  return fraction;
}

std::string list(std::initializer_list<std::string_view> names) {
  std::string out;
  for (const std::string_view name : names) {
    out.append(out.empty() ? "" : ", ").append(name);
  }
  return out;
}

}  // namespace

std::optional<std::int64_t> parse_duration_s(std::string_view text) {
  std::int64_t count = 0;
  const char* const end = text.data() + text.size();
  const auto [unit, error] = std::from_chars(text.data(), end, count);
  const std::string_view name(unit, static_cast<std::size_t>(end - unit));
  const std::int64_t factor = name == "s"   ? 1
                              : name == "m" ? 60
                              : name == "h" ? 3600
                              : name == "d" ? 86'400
                              : name == "w" ? 7 * 86'400
                                            : 0;
  if (error != std::errc() || factor == 0 || count < 0 || count > kMostSeconds / factor) {
    return std::nullopt;
  }
  return count * factor;
}

std::optional<std::int64_t> parse_rfc3339_ns(std::string_view text) {
  namespace chrono = std::chrono;
  const auto year = take_digits(text, 4);
  const bool dash = take(text, "-");
  const auto month = take_digits(text, 2);
  const bool dash2 = take(text, "-");
  const auto day = take_digits(text, 2);
  if (!year || !dash || !month || !dash2 || !day) {
    return std::nullopt;
  }
  const chrono::year_month_day date(chrono::year(*year),
                                    chrono::month(static_cast<unsigned>(*month)),
                                    chrono::day(static_cast<unsigned>(*day)));
  // Later years do not fit into nanoseconds of 64 bits.
  if (!date.ok() || *year < 1700 || *year > 2260) {
    return std::nullopt;
  }
  std::int64_t seconds =
      chrono::duration_cast<chrono::seconds>(chrono::sys_days(date).time_since_epoch()).count();
  if (text.empty()) {
    return seconds * kNanosPerSecond;  // a date alone is its midnight, UTC
  }
  const bool t = take(text, "Tt ");
  const auto hour = take_digits(text, 2);
  const bool colon = take(text, ":");
  const auto minute = take_digits(text, 2);
  const bool colon2 = take(text, ":");
  const auto second = take_digits(text, 2);
  if (!t || !hour || *hour > 23 || !colon || !minute || *minute > 59 || !colon2 || !second ||
      *second > 60) {
    return std::nullopt;
  }
  seconds += *hour * 3600 + *minute * 60 + *second;
  const std::int64_t fraction = take(text, ".") ? take_fraction_ns(text) : 0;
  if (!take(text, "Zz")) {
    const bool east = text.starts_with('+');
    if (!take(text, "+-")) {
      return std::nullopt;
    }
    const auto off_hours = take_digits(text, 2);
    const bool colon3 = take(text, ":");
    const auto off_minutes = take_digits(text, 2);
    if (!off_hours || *off_hours > 23 || !colon3 || !off_minutes || *off_minutes > 59) {
      return std::nullopt;
    }
    const std::int64_t offset = *off_hours * 3600 + *off_minutes * 60;
    seconds += east ? -offset : offset;
  }
  return text.empty() ? std::optional(seconds * kNanosPerSecond + fraction) : std::nullopt;
}

QueryParameters::QueryParameters(std::string_view json,
                                 std::initializer_list<std::string_view> known) {
  try {
    const auto object =
        Poco::JSON::Parser().parse(std::string(json)).extract<Poco::JSON::Object::Ptr>();
    for (const auto& [name, value] : *object) {
      values_[name] = value.convert<std::string>();
    }
  } catch (const Poco::Exception& fault) {
    throw sdk::ConfigError("", "the parameters are not a JSON object: " + fault.message());
  }
  for (const auto& [name, value] : values_) {
    if (std::find(known.begin(), known.end(), name) == known.end()) {
      throw sdk::ConfigError("/" + name,
                             "'" + name + "' is no parameter of this query; " +
                                 (known.size() == 0 ? "it has none" : "there are " + list(known)));
    }
  }
}

const std::string& QueryParameters::text(const std::string& name) const {
  static const std::string kAbsent;
  const auto found = values_.find(name);
  return found == values_.end() ? kAbsent : found->second;
}

std::string QueryParameters::choice(const std::string& name,
                                    std::initializer_list<std::string_view> choices) const {
  const auto found = values_.find(name);
  if (found == values_.end()) {
    return std::string(*choices.begin());
  }
  if (std::find(choices.begin(), choices.end(), found->second) == choices.end()) {
    throw sdk::ConfigError("/" + name, "'" + found->second + "': expected one of " + list(choices));
  }
  return found->second;
}

bool QueryParameters::flag(const std::string& name) const {
  return choice(name, {"false", "true"}) == "true";
}

std::int64_t QueryParameters::number(const std::string& name,
                                     std::int64_t by_default,
                                     std::int64_t least,
                                     std::int64_t most) const {
  const auto found = values_.find(name);
  if (found == values_.end()) {
    return by_default;
  }
  const std::string& written = found->second;
  std::int64_t value = 0;
  const char* const end = written.data() + written.size();
  const auto [rest, error] = std::from_chars(written.data(), end, value);
  if (error != std::errc() || rest != end || value < least || value > most) {
    throw sdk::ConfigError("/" + name, "'" + written + "': expected a whole number from " +
                                           std::to_string(least) + " to " + std::to_string(most));
  }
  return value;
}

std::optional<std::int64_t> QueryParameters::time(const std::string& name,
                                                  std::int64_t now_ns) const {
  const std::string& written = text(name);
  if (written.empty()) {
    return std::nullopt;
  }
  if (const auto ago = parse_duration_s(written)) {
    return now_ns - *ago * kNanosPerSecond;
  }
  if (const auto at = parse_rfc3339_ns(written)) {
    return at;
  }
  double seconds = 0;
  const char* const end = written.data() + written.size();
  const auto [rest, error] = std::from_chars(written.data(), end, seconds);
  if (error == std::errc() && rest == end &&
      std::fabs(seconds) < static_cast<double>(kMostSeconds)) {
    return std::llround(seconds * static_cast<double>(kNanosPerSecond));
  }
  throw sdk::ConfigError("/" + name,
                         "'" + written +
                             "': expected a time such as 2026-03-01T12:00:00Z, Unix seconds, or a "
                             "duration before now such as 48h");
}

Period QueryParameters::period(std::int64_t now_ns) const {
  Period period{time("since", now_ns), time("until", now_ns)};
  const std::string& last = text("period");
  if (!last.empty()) {
    const auto length = parse_duration_s(last);
    if (!length || *length == 0) {
      throw sdk::ConfigError("/period",
                             "'" + last + "': expected a duration up to now, such as 24h or 7d");
    }
    if (period.since_ns || period.until_ns) {
      throw sdk::ConfigError("/period", "give either period or since and until, not both");
    }
    period = {now_ns - *length * kNanosPerSecond, now_ns};
  }
  if (period.since_ns && period.until_ns && *period.since_ns >= *period.until_ns) {
    throw sdk::ConfigError("/until", "until must lie after since");
  }
  return period;
}

}  // namespace aev::analytics
