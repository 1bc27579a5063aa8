#include "config/environment_defaults.h"

#include <cmath>
#include <initializer_list>
#include <limits>
#include <string_view>

#include "config/units.h"
#include "core/json_text.h"

namespace aev::config {
namespace {

constexpr double kNsPerMs = 1e6;
constexpr double kNsPerSecond = 1e9;
constexpr double kNsPerHour = 3600e9;
constexpr double kNsPerDay = 24 * kNsPerHour;

class Reader {
 public:
  Reader(const Environment& environment, std::vector<Problem>& problems)
      : environment_(environment), problems_(problems) {}

  /// The value; nullopt if the variable is unset or empty.
  [[nodiscard]] std::optional<std::string> given(std::string_view name) const {
    std::optional<std::string> value = environment_(name);
    return value && value->empty() ? std::nullopt : value;
  }

  void duration(std::string_view name,
                double unit_ns,
                double least,
                std::string_view wanted,
                Setting<Duration>& into) {
    std::optional<std::string> value = given(name);
    if (!value) {
      return;
    }
    const Result<double> number = parse_real(*value);
    const double ns = number ? std::round(*number * unit_ns) : -1;
    if (!number || ns < least || ns > 9e18) {
      problem(name, wanted);
      return;
    }
    set(name, Duration(static_cast<std::int64_t>(ns)), into);
  }

  template <typename T>
  void count(std::string_view name,
             std::uint64_t least,
             std::uint64_t most,
             std::uint64_t plus,
             Setting<T>& into) {
    std::optional<std::string> value = given(name);
    if (!value) {
      return;
    }
    const Result<std::uint64_t> number = parse_count(*value);
    if (!number || *number < least || *number > most) {
      problem(name, "a whole number from " + std::to_string(least) + " to " + std::to_string(most));
      return;
    }
    set(name, static_cast<T>(*number + plus), into);
  }

  void string(std::string_view name, Setting<std::string>& into) {
    std::optional<std::string> value = given(name);
    if (!value) {
      return;
    }
    if (!is_utf8(*value)) {
      problem(name, "UTF-8 text");
      return;
    }
    set(name, std::move(*value), into);
  }

 private:
  /// The first name that is set wins; the others are checked all the same.
  template <typename T>
  void set(std::string_view name, T value, Setting<T>& into) {
    if (into.origin == "default") {
      into.value = std::move(value);
      into.origin = "environment " + std::string(name);
    }
  }

  void problem(std::string_view name, std::string_view wanted) {
    problems_.push_back(
        {{}, "environment " + std::string(name), "must be " + std::string(wanted), false});
  }

  const Environment& environment_;
  std::vector<Problem>& problems_;
};

}  // namespace

EnvironmentDefaults read_environment_defaults(const Environment& environment,
                                              std::vector<Problem>& problems) {
  constexpr std::string_view kSeconds = "a number of seconds above 0";
  constexpr std::string_view kHours = "a number of hours, 0 or more";
  constexpr std::uint64_t kMaxRetries = 1'000'000;
  EnvironmentDefaults out;
  const DeliveryPolicy policy;
  const BatchPolicy batch;
  out.timeout.value = policy.timeout;
  out.max_attempts.value = policy.retry.max_attempts;
  out.initial_interval.value = policy.retry.initial_interval;
  out.max_interval.value = policy.retry.max_interval;
  out.concurrency.value = policy.concurrency;
  out.batch_max_events.value = batch.max_events;
  out.batch_max_delay.value = batch.max_delay;
  out.dead_letter_retention.value = policy.dead_letter.retention;
  out.dead_letter_max_events.value = policy.dead_letter.max_events;
  out.bind_host.value = ApiConfig().host;

  Reader reader(environment, problems);
  reader.duration("WEBHOOK_TIMEOUT_SECONDS", kNsPerSecond, 1, kSeconds, out.timeout);
  reader.duration("ARAGORA_WEBHOOK_TIMEOUT", kNsPerSecond, 1, kSeconds, out.timeout);
  // The variables count retries, a policy counts attempts.
  reader.count("WEBHOOK_MAX_RETRIES", 0, kMaxRetries, 1, out.max_attempts);
  reader.count("ARAGORA_WEBHOOK_MAX_RETRIES", 0, kMaxRetries, 1, out.max_attempts);
  reader.duration("ARAGORA_WEBHOOK_RETRY_DELAY", kNsPerSecond, 1, kSeconds, out.initial_interval);
  reader.duration("ARAGORA_WEBHOOK_MAX_RETRY_DELAY", kNsPerSecond, 1, kSeconds, out.max_interval);
  reader.count("ARAGORA_WEBHOOK_WORKERS", 1, 10'000, 0, out.concurrency);
  reader.count("WEBHOOK_BATCH_SIZE", 1, 100'000, 0, out.batch_max_events);
  reader.count("ARAGORA_WEBHOOK_MAX_BATCH_SIZE", 1, 100'000, 0, out.batch_max_events);
  reader.duration("WEBHOOK_BATCH_INTERVAL_MS", kNsPerMs, 0, "a number of milliseconds, 0 or more",
                  out.batch_max_delay);
  reader.duration("ARAGORA_WEBHOOK_BATCH_WINDOW", kNsPerSecond, 0, "a number of seconds, 0 or more",
                  out.batch_max_delay);
  reader.duration("DLQ_RETENTION_HOURS", kNsPerHour, 0, kHours, out.dead_letter_retention);
  reader.duration("ARAGORA_DLQ_RETENTION_HOURS", kNsPerHour, 0, kHours, out.dead_letter_retention);
  reader.duration("ARAGORA_DLQ_RETENTION_DAYS", kNsPerDay, 0, "a number of days, 0 or more",
                  out.dead_letter_retention);
  reader.count("ARAGORA_DLQ_MAX_SIZE", 0, std::numeric_limits<std::int64_t>::max(), 0,
               out.dead_letter_max_events);
  reader.string("ARAGORA_DATA_DIR", out.data_dir);
  reader.string("ARAGORA_BIND_HOST", out.bind_host);
  reader.string("EVENT_SIGNATURE_SECRET", out.signature_secret);
  return out;
}

}  // namespace aev::config
