#include "admin/request_filters.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <limits>
#include <optional>

#include "core/clock.h"

namespace aev::admin {
namespace {

constexpr double kNanosPerSecond = 1e9;

Error invalid(std::string_view name, std::string message) {
  return Error{ErrorCode::kInvalid, std::string(name) + ": " + message, "/" + std::string(name)};
}

std::optional<std::string_view> parameter(const ApiRequest& request, std::string_view name) {
  const auto found = request.query.find(std::string(name));
  if (found == request.query.end()) {
    return std::nullopt;
  }
  return found->second;
}

std::string text_of(const ApiRequest& request, std::string_view name) {
  return std::string(parameter(request, name).value_or(""));
}

std::optional<double> parse_double(std::string_view text) {
  double number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc() || end != text.data() + text.size() || !std::isfinite(number)) {
    return std::nullopt;
  }
  return number;
}

/// Seconds in `90m`, `2d` …; nullopt if it is not a span.
std::optional<double> parse_span_seconds(std::string_view text) {
  if (text.size() < 2) {
    return std::nullopt;
  }
  constexpr std::pair<char, double> kUnits[] = {{'s', 1}, {'m', 60}, {'h', 3600}, {'d', 86400}};
  for (const auto& [unit, seconds] : kUnits) {
    if (text.back() == unit) {
      const auto count = parse_double(text.substr(0, text.size() - 1));
      return count && *count >= 0 ? std::optional(*count * seconds) : std::nullopt;
    }
  }
  return std::nullopt;
}

Result<std::optional<std::int64_t>> time_of(const ApiRequest& request,
                                            std::string_view name,
                                            std::int64_t now_unix_ns) {
  const auto text = parameter(request, name);
  if (!text || text->empty()) {
    return std::optional<std::int64_t>();
  }
  auto time = parse_time(*text, now_unix_ns);
  if (!time) {
    return invalid(name, time.error().message);
  }
  return std::optional(time.value());
}

}  // namespace

Result<std::int64_t> parse_time(std::string_view text, std::int64_t now_unix_ns) {
  std::int64_t unix_ns = 0;
  if (parse_rfc3339(text, unix_ns)) {
    return unix_ns;
  }
  if (const auto span = parse_span_seconds(text); span && *span < 9e9) {
    return now_unix_ns - static_cast<std::int64_t>(*span * kNanosPerSecond);
  }
  if (const auto seconds = parse_double(text); seconds && std::fabs(*seconds) < 9e9) {
    return static_cast<std::int64_t>(*seconds * kNanosPerSecond);
  }
  return Error{
      ErrorCode::kInvalid,
      "'" + std::string(text) +
          "' is not a time; write RFC 3339 (2026-03-01T12:00:00Z), Unix seconds, or a span "
          "back from now (90m, 2d)",
      {}};
}

Result<void> only_these(const ApiRequest& request, const std::vector<std::string>& known) {
  for (const auto& [name, value] : request.query) {
    if (std::find(known.begin(), known.end(), name) == known.end()) {
      std::string names;
      for (const auto& each : known) {
        names += (names.empty() ? "" : ", ") + each;
      }
      return invalid(name, known.empty() ? "this call takes no parameters"
                                         : "unknown parameter; this call takes " + names);
    }
  }
  return {};
}

Result<std::uint64_t> number_of(const ApiRequest& request,
                                std::string_view name,
                                std::uint64_t fallback,
                                std::uint64_t most) {
  const auto text = parameter(request, name);
  if (!text || text->empty()) {
    return fallback;
  }
  std::uint64_t number = 0;
  const auto [end, error] = std::from_chars(text->data(), text->data() + text->size(), number);
  if (error != std::errc() || end != text->data() + text->size() || number > most) {
    return invalid(name, "'" + std::string(*text) + "' is not a whole number from 0 to " +
                             std::to_string(most));
  }
  return number;
}

Result<store::EventFilter> event_filter(const ApiRequest& request, std::int64_t now_unix_ns) {
  AEV_RETURN_IF_ERROR(only_these(
      request, {"event_type", "debate_id", "since", "until", "limit", "cursor", "order"}));
  store::EventFilter filter;
  filter.event_type = text_of(request, "event_type");
  filter.debate_id = text_of(request, "debate_id");
  AEV_ASSIGN(filter.since_unix_ns, time_of(request, "since", now_unix_ns));
  AEV_ASSIGN(filter.until_unix_ns, time_of(request, "until", now_unix_ns));
  AEV_ASSIGN(filter.limit, number_of(request, "limit", 100, 1000));
  const std::string order = text_of(request, "order");
  if (!order.empty() && order != "oldest" && order != "newest") {
    return invalid("order", "'" + order + "' is neither oldest nor newest");
  }
  filter.newest_first = order == "newest";
  AEV_ASSIGN(const std::uint64_t cursor,
             number_of(request, "cursor", 0, std::numeric_limits<std::int64_t>::max()));
  (filter.newest_first ? filter.before_seq : filter.after_seq) = cursor;
  return filter;
}

Result<store::DeadLetterFilter> dead_letter_filter(const ApiRequest& request,
                                                   std::int64_t now_unix_ns) {
  AEV_RETURN_IF_ERROR(only_these(request, {"subscriber", "event_type", "debate_id", "since",
                                           "until", "limit", "cursor", "rate"}));
  store::DeadLetterFilter filter;
  filter.subscriber = text_of(request, "subscriber");
  filter.event_type = text_of(request, "event_type");
  filter.debate_id = text_of(request, "debate_id");
  AEV_ASSIGN(filter.since_unix_ns, time_of(request, "since", now_unix_ns));
  AEV_ASSIGN(filter.until_unix_ns, time_of(request, "until", now_unix_ns));
  AEV_ASSIGN(filter.limit, number_of(request, "limit", 100, 1'000'000));
  AEV_ASSIGN(const std::uint64_t cursor,
             number_of(request, "cursor", 0, std::numeric_limits<std::int64_t>::max()));
  filter.after_id = static_cast<std::int64_t>(cursor);
  return filter;
}

Result<delivery::ReplayRequest> replay_request(const ApiRequest& request,
                                               std::int64_t now_unix_ns) {
  AEV_RETURN_IF_ERROR(only_these(request, {"subscriber", "event_type", "debate_id", "since",
                                           "until", "limit", "rate", "match"}));
  delivery::ReplayRequest replay;
  replay.subscriber = text_of(request, "subscriber");
  if (replay.subscriber.empty()) {
    return invalid("subscriber", "a replay goes to one named subscriber; none was given");
  }
  replay.event_type = text_of(request, "event_type");
  replay.debate_id = text_of(request, "debate_id");
  replay.match_json = text_of(request, "match");
  AEV_ASSIGN(replay.since_unix_ns, time_of(request, "since", now_unix_ns));
  AEV_ASSIGN(replay.until_unix_ns, time_of(request, "until", now_unix_ns));
  AEV_ASSIGN(replay.per_second, rate_of(request));
  AEV_ASSIGN(replay.limit,
             number_of(request, "limit", 0, std::numeric_limits<std::int64_t>::max()));
  return replay;
}

Result<double> rate_of(const ApiRequest& request) {
  const auto text = parameter(request, "rate");
  if (!text || text->empty()) {
    return 0.0;
  }
  std::string_view number = *text;
  double per = 1;
  if (const auto slash = number.find('/'); slash != std::string_view::npos) {
    const std::string_view unit = number.substr(slash + 1);
    if (unit == "s") {
      per = 1;
    } else if (unit == "m") {
      per = 60;
    } else if (unit == "h") {
      per = 3600;
    } else {
      return invalid("rate", "'" + std::string(*text) + "' is not a rate; write 50/s or 600/m");
    }
    number = number.substr(0, slash);
  }
  const auto count = parse_double(number);
  if (!count || *count <= 0) {
    return invalid("rate", "'" + std::string(*text) + "' is not a rate; write 50/s or 600/m");
  }
  return *count / per;
}

}  // namespace aev::admin
