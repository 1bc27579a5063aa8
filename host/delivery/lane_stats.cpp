#include <algorithm>

#include "delivery/lane.h"

namespace aev::delivery {

SubscriberStats Lane::stats(events::Seq last_seq) const {
  const MonoTime now = context_.clock.mono_now();
  SubscriberStats stats = counts_;
  stats.name = name();
  stats.plugin = spec_.plugin;
  stats.in_flight = in_flight_events_;
  stats.waiting_retry = retries_.size();
  stats.cursor = progress_.cursor();
  stats.lag = last_seq > stats.cursor ? last_seq - stats.cursor : 0;
  stats.latency = latency_.summary();
  const std::int64_t now_unix_ns = context_.clock.unix_now_ns();
  std::int64_t oldest = now_unix_ns;
  const auto older = [&](const DeliveryItem& item) {
    if (item.event) {
      oldest = std::min(oldest, item.event->received_unix_ns());
    }
  };
  if (!queue_.empty()) {
    older(queue_.front());
  }
  for (const auto& [due, item] : retries_) {
    older(item);
  }
  for (const auto& [batch_id, lease] : leases_) {
    std::for_each(lease.items.begin(), lease.items.end(), older);
  }
  stats.oldest_age_s = static_cast<double>(now_unix_ns - oldest) / 1e9;

  const auto say = [&](const char* state, const std::string& reason) {
    stats.state = state;
    stats.reason = reason;
  };
  if (stopping_) {
    say("stopped", "");
  } else if (spec_.record.status == store::SubscriberStatus::kPaused) {
    say("paused", spec_.record.status_reason);
  } else if (spec_.record.status == store::SubscriberStatus::kDisabled) {
    say("disabled", spec_.record.status_reason);
  } else if (!failure_.empty()) {
    say("failed", failure_);
  } else if (instance_ != InstanceState::kRunning) {
    say("starting", "");
  } else if (not_connected_until_ > now) {
    say("not_connected", not_connected_reason_);
  } else if (throttled_until_ > now) {
    say("throttled", "the receiver asked for less");
  } else if (breaker_.state(now) == Breaker::State::kOpen) {
    say("breaker_open", "too many attempts failed in a row");
  } else if (breaker_.state(now) == Breaker::State::kHalfOpen) {
    say("half_open", "the next attempt is a probe");
  } else {
    say("running", "");
  }
  return stats;
}

}  // namespace aev::delivery
