#include "config/policy_sections.h"

#include <algorithm>
#include <chrono>
#include <string_view>
#include <vector>

#include "config/units.h"

namespace aev::config {
namespace {

using std::chrono::milliseconds;

RetryPolicy read_policy(MapReader& map, const EnvironmentDefaults& defaults, RetryPolicy policy) {
  policy.max_attempts = defaults.max_attempts.value;
  policy.initial_interval = defaults.initial_interval.value;
  policy.max_interval = defaults.max_interval.value;
  map.count("max_attempts", policy.max_attempts, 1, 1'000'001, defaults.max_attempts.origin);
  map.duration("initial_interval", policy.initial_interval, milliseconds(1),
               defaults.initial_interval.origin);
  map.real("multiplier", policy.multiplier, 1, 1000);
  map.duration("max_interval", policy.max_interval, milliseconds(1), defaults.max_interval.origin);
  map.real("jitter", policy.jitter, 0, 1);
  map.duration("max_elapsed", policy.max_elapsed, {});
  if (policy.max_interval < policy.initial_interval) {
    map.report().error(map.where_of("max_interval"), map.path_of("max_interval"),
                       format_duration(policy.max_interval) + " is less than initial_interval, " +
                           format_duration(policy.initial_interval));
  }
  map.finish();
  return policy;
}

DeadLetterPolicy read_policy(MapReader& map,
                             const EnvironmentDefaults& defaults,
                             DeadLetterPolicy policy) {
  policy.retention = defaults.dead_letter_retention.value;
  policy.max_events = defaults.dead_letter_max_events.value;
  map.duration("retention", policy.retention, {}, defaults.dead_letter_retention.origin);
  map.count("max_events", policy.max_events, 0, std::numeric_limits<std::int64_t>::max(),
            defaults.dead_letter_max_events.origin);
  map.finish();
  return policy;
}

template <typename Policy>
void read_named(MapReader& root,
                std::string_view key,
                const EnvironmentDefaults& defaults,
                std::map<std::string, Policy, std::less<>>& out,
                std::map<std::string, NamedPolicies::Place>& places) {
  MapReader map(root.report(), root.take(key), root.path_of(key), root.where_of(key));
  for (const YamlEntry& entry : map.entries()) {
    if (!is_name(entry.name)) {
      root.report().error(entry.key_where(), map.path_of(entry.name), std::string(kNameRule));
    }
    MapReader policy(root.report(), entry.value.get(), map.path_of(entry.name), entry.key_where());
    out[entry.name] = read_policy(policy, defaults, Policy());
    places[map.path_of(entry.name)].where = entry.key_where();
  }
}

/// `retry: name`, `retry: {…}`, or nothing, which means the policy named `default` if there is one.
template <typename Policy>
Policy read_reference(MapReader& subscriber,
                      std::string_view key,
                      std::string_view section,
                      const EnvironmentDefaults& defaults,
                      const std::map<std::string, Policy, std::less<>>& named,
                      std::map<std::string, NamedPolicies::Place>& places) {
  Report& report = subscriber.report();
  const YamlNode* const node = subscriber.take(key);
  if (node == nullptr || node->kind != YamlNode::Kind::kScalar) {
    const auto standard = named.find("default");
    if (node == nullptr && standard != named.end()) {
      places[std::string(section) + ".default"].used = true;
      report.show(subscriber.path_of(key), "default", std::string(kBuiltIn));
      return standard->second;
    }
    MapReader map(report, node, subscriber.path_of(key), subscriber.where_of(key));
    return read_policy(map, defaults, Policy());
  }
  const auto found = named.find(node->text);
  if (found == named.end()) {
    std::vector<std::string> names;
    for (const auto& [name, policy] : named) {
      names.push_back(name);
    }
    report.error(node->where(), subscriber.path_of(key),
                 "there is no `" + printable(*node) + "` in " + std::string(section) +
                     suggestion(node->text, names));
    return {};
  }
  report.show(subscriber.path_of(key), printable(*node), origin_of(*node));
  places[std::string(section) + "." + found->first].used = true;
  return found->second;
}

std::optional<BatchPolicy> read_batch(MapReader& subscriber, const EnvironmentDefaults& defaults) {
  const YamlNode* const node = subscriber.take("batch");
  if (node == nullptr) {
    if (subscriber.has("batch")) {
      subscriber.report().error(subscriber.where_of("batch"), subscriber.path_of("batch"),
                                "is empty; write `batch: {}` for the defaults or leave it out");
    }
    return std::nullopt;
  }
  MapReader map(subscriber.report(), node, subscriber.path_of("batch"),
                subscriber.where_of("batch"));
  BatchPolicy batch;
  batch.max_events = defaults.batch_max_events.value;
  batch.max_delay = defaults.batch_max_delay.value;
  map.count("max_events", batch.max_events, 1, 100'000, defaults.batch_max_events.origin);
  map.size("max_bytes", batch.max_bytes, 1024);
  map.duration("max_delay", batch.max_delay, {}, defaults.batch_max_delay.origin);
  map.finish();
  return batch;
}

}  // namespace

NamedPolicies read_named_policies(MapReader& root, const EnvironmentDefaults& defaults) {
  NamedPolicies out;
  read_named(root, "retry_policies", defaults, out.retry, out.places);
  read_named(root, "dead_letter_policies", defaults, out.dead_letter, out.places);
  return out;
}

void warn_of_unused(const NamedPolicies& named, Report& report) {
  for (const auto& [path, place] : named.places) {
    if (!place.used) {
      report.problems.push_back(
          {place.where, path, "no subscriber uses this policy; name it or take it out", true});
    }
  }
}

DeliveryPolicy read_delivery_policy(MapReader& subscriber,
                                    NamedPolicies& named,
                                    const EnvironmentDefaults& defaults) {
  DeliveryPolicy policy;
  policy.retry =
      read_reference(subscriber, "retry", "retry_policies", defaults, named.retry, named.places);
  policy.dead_letter = read_reference(subscriber, "dead_letter", "dead_letter_policies", defaults,
                                      named.dead_letter, named.places);
  policy.batch = read_batch(subscriber, defaults);
  policy.concurrency = defaults.concurrency.value;
  subscriber.count("concurrency", policy.concurrency, 1, 10'000, defaults.concurrency.origin);
  subscriber.text("order_by", policy.order_by, "none");
  if (policy.order_by == "none") {
    policy.order_by.clear();
  }
  static const std::vector<std::string> kFields{"debate_id", "event_type", "source"};
  const bool is_field = std::find(kFields.begin(), kFields.end(), policy.order_by) != kFields.end();
  if (const std::string meant = suggestion(policy.order_by, kFields); !is_field && !meant.empty()) {
    subscriber.report().problems.push_back(
        {subscriber.where_of("order_by"), subscriber.path_of("order_by"),
         "orders by an attribute `" + policy.order_by + "`" + meant, true});
  }
  subscriber.rate("rate_limit", policy.rate_limit.per_second);
  MapReader breaker(subscriber.report(), subscriber.take("circuit_breaker"),
                    subscriber.path_of("circuit_breaker"), subscriber.where_of("circuit_breaker"));
  breaker.count("failures", policy.circuit_breaker.failures, 0, 1'000'000);
  breaker.duration("cooldown", policy.circuit_breaker.cooldown, milliseconds(1));
  breaker.finish();
  policy.timeout = defaults.timeout.value;
  subscriber.duration("timeout", policy.timeout, milliseconds(1), defaults.timeout.origin);
  subscriber.choice("attempts", policy.attempt_log,
                    {{"all", AttemptLog::kAll},
                     {"failures", AttemptLog::kFailures},
                     {"none", AttemptLog::kNone}});
  return policy;
}

}  // namespace aev::config
