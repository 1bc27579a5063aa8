// How a lane takes another policy while it runs.

#include <algorithm>
#include <utility>

#include "delivery/lane.h"

namespace aev::delivery {

loader::Limits offered_limits(const config::DeliveryPolicy& policy) {
  loader::Limits limits;
  limits.batched = policy.batch.has_value();
  limits.timeout = policy.timeout;
  if (policy.batch) {
    limits.max_batch_events = policy.batch->max_events;
    limits.max_batch_bytes = policy.batch->max_bytes;
  } else {
    limits.max_batch_events = policy.concurrency;
  }
  limits.max_in_flight_batches = policy.concurrency;
  return limits;
}

bool Lane::keeps_instance(const SubscriberSpec& spec) const {
  if (spec.plugin != spec_.plugin || spec.library != spec_.library ||
      spec.config_json != spec_.config_json) {
    return false;
  }
  const loader::Limits wanted = delivery::offered_limits(spec.policy);
  return instance_ == InstanceState::kNone ||
         (wanted.batched == offered_.batched && wanted.timeout == offered_.timeout &&
          wanted.max_batch_events <= offered_.max_batch_events &&
          wanted.max_batch_bytes <= offered_.max_batch_bytes &&
          wanted.max_in_flight_batches <= offered_.max_in_flight_batches);
}

void Lane::change_spec(SubscriberSpec spec) {
  spec_.plugin = std::move(spec.plugin);
  spec_.library = std::move(spec.library);
  spec_.config_json = std::move(spec.config_json);
  change_policy(std::move(spec.policy));
  offered_ = offered_limits();
  breaker_ = Breaker(spec_.policy.circuit_breaker);
  failures_in_a_row_ = not_connected_in_a_row_ = 0;
  throttled_until_ = not_connected_until_ = busy_until_ = MonoTime{};
}

void Lane::change_policy(config::DeliveryPolicy policy) {
  next_order_.reset();
  if (policy.order_by != spec_.policy.order_by) {
    next_order_ = std::exchange(policy.order_by, spec_.policy.order_by);
  }
  spec_.policy = std::move(policy);
  bucket_.change(spec_.policy.rate_limit.per_second, context_.clock.mono_now());
  breaker_.change(spec_.policy.circuit_breaker);
  apply_limits();
}

void Lane::apply_limits() {
  const loader::Limits wanted = offered_limits();
  limits_ = agreed_;
  limits_.max_batch_events = std::min(agreed_.max_batch_events, wanted.max_batch_events);
  limits_.max_batch_bytes = std::min(agreed_.max_batch_bytes, wanted.max_batch_bytes);
  limits_.max_in_flight_batches =
      std::min(agreed_.max_in_flight_batches, wanted.max_in_flight_batches);
}

void Lane::renew_keys() {
  std::vector<DeliveryItem> items;
  std::move(queue_.begin(), queue_.end(), std::back_inserter(items));
  for (auto& [key, held] : keys_) {
    std::move(held.begin(), held.end(), std::back_inserter(items));
  }
  for (auto& [due, item] : retries_) {
    items.push_back(std::move(item));
  }
  queue_.clear();
  keys_.clear();
  retries_.clear();
  queue_bytes_ = held_bytes_ = held_ = 0;
  // In the order of the log, so that of each key the earliest event goes first.
  std::stable_sort(items.begin(), items.end(), [](const DeliveryItem& a, const DeliveryItem& b) {
    return a.event->seq() < b.event->seq();
  });
  const MonoTime now = context_.clock.mono_now();
  for (DeliveryItem& item : items) {
    item.key = ordering_key(*item.event, spec_.policy.order_by);
    item.owns_key = false;
    const std::string key(item.key);
    if (item.due <= now || (!key.empty() && keys_.contains(key))) {
      enqueue(std::move(item), false);
      continue;
    }
    if (!key.empty()) {
      keys_.try_emplace(key);
      item.owns_key = true;
    }
    retries_.emplace(item.due, std::move(item));
  }
}

}  // namespace aev::delivery
