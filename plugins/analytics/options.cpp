#include "options.h"

#include <charconv>
#include <cstdint>
#include <optional>
#include <utility>

#include <Poco/JSON/Parser.h>

namespace aev::analytics {
namespace {

using Poco::JSON::Object;

constexpr std::int64_t kDay = 86'400;
constexpr std::int64_t kMostSeconds = 36'500 * kDay;

struct Unit {
  std::string_view name;
  std::int64_t ms;
};

constexpr Unit kUnits[] = {{"ms", 1},        {"s", 1000},        {"m", 60'000},
                           {"h", 3'600'000}, {"d", kDay * 1000}, {"w", 7 * kDay * 1000}};

std::int64_t duration_ms(const std::string& written, const std::string& path) {
  std::int64_t count = 0;
  const char* const end = written.data() + written.size();
  const auto [unit, error] = std::from_chars(written.data(), end, count);
  const std::string_view name(unit, static_cast<std::size_t>(end - unit));
  for (const Unit& each : kUnits) {
    if (error == std::errc() && name == each.name && count >= 0 &&
        count <= kMostSeconds * 1000 / each.ms) {
      return count * each.ms;
    }
  }
  throw sdk::ConfigError(path, "'" + written + "' is not a duration such as 50ms, 48h or 400d");
}

/// Seconds, or nothing for ever.
std::optional<std::int64_t> kept_for(const Object& retention,
                                     const std::string& name,
                                     std::optional<std::int64_t> by_default,
                                     std::int64_t least) {
  if (!retention.has(name)) {
    return by_default;
  }
  const auto written = retention.getValue<std::string>(name);
  if (written == "forever") {
    return std::nullopt;
  }
  const std::string path = "/retention/" + name;
  const std::int64_t seconds = duration_ms(written, path) / 1000;
  if (seconds < least) {
    throw sdk::ConfigError(path, "'" + written + "' is shorter than one " +
                                     (name == "debates" ? std::string("minute") : name));
  }
  return seconds;
}

/// A coarse granularity that is kept for a shorter time than a finer one would leave the old
/// minutes without their hours.
void check_order(const Retention& retention) {
  constexpr std::pair<Granularity, Granularity> kPairs[] = {
      {Granularity::kMinute, Granularity::kHour}, {Granularity::kHour, Granularity::kDay}};
  for (const auto& [fine, coarse] : kPairs) {
    const auto& kept_fine = retention.buckets[static_cast<std::size_t>(fine)];
    const auto& kept_coarse = retention.buckets[static_cast<std::size_t>(coarse)];
    if (kept_coarse && (!kept_fine || *kept_fine > *kept_coarse)) {
      throw sdk::ConfigError(
          "/retention/" + std::string(name_of(coarse)),
          std::string(name_of(coarse)) + " figures (" + describe_seconds(*kept_coarse) +
              ") must be kept at least as long as " + std::string(name_of(fine)) + " figures (" +
              (kept_fine ? describe_seconds(*kept_fine) : "forever") + ")");
    }
  }
}

}  // namespace

std::string describe_seconds(std::int64_t seconds) {
  for (const Unit& unit : {Unit{"d", kDay}, Unit{"h", 3600}, Unit{"m", 60}}) {
    if (seconds % unit.ms == 0) {
      return std::to_string(seconds / unit.ms) + std::string(unit.name);
    }
  }
  return std::to_string(seconds) + "s";
}

Options parse_options(sdk::Json config) {
  Object::Ptr object;
  try {
    object = Poco::JSON::Parser().parse(std::string(config)).extract<Object::Ptr>();
  } catch (const Poco::Exception& fault) {
    throw sdk::ConfigError("", "the configuration is not a JSON object: " + fault.message());
  }
  Options options;
  options.file = object->optValue<std::string>("file", "");
  if (options.file.empty()) {
    throw sdk::ConfigError("/file", "name the SQLite file that holds the figures");
  }
  if (options.file.ends_with('/')) {
    throw sdk::ConfigError("/file", "'" + options.file + "' is a folder; name a file in it");
  }
  if (object->has("commit_interval")) {
    const auto written = object->getValue<std::string>("commit_interval");
    options.commit_interval = std::chrono::milliseconds(duration_ms(written, "/commit_interval"));
    if (options.commit_interval > std::chrono::seconds(5)) {
      throw sdk::ConfigError("/commit_interval",
                             "'" + written + "' is too long: deliveries wait for it; 5s at most");
    }
  }
  const Object::Ptr given = object->getObject("retention");
  const Object none;
  const Object& retention = given ? *given : none;
  options.retention.buckets = {kept_for(retention, "minute", 2 * kDay, 60),
                               kept_for(retention, "hour", 60 * kDay, 3600),
                               kept_for(retention, "day", std::nullopt, kDay)};
  options.retention.debates = kept_for(retention, "debates", 400 * kDay, 60);
  check_order(options.retention);
  return options;
}

}  // namespace aev::analytics
