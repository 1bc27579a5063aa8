#include "delivery/lane.h"

#include <algorithm>
#include <utility>

#include "delivery/backoff.h"

namespace aev::delivery {
namespace {

constexpr std::size_t kMaxQueuedEvents = 16'384;
constexpr std::size_t kMaxHeldEvents = 100'000;
constexpr std::size_t kMaxRetries = 10'000;
/// Events taken in behind one that does not settle.
constexpr std::size_t kMaxOpen = 250'000;
/// After the deadline the plugin's own word may still be on its way.
constexpr auto kLeaseGrace = std::chrono::seconds(5);
constexpr auto kBusyWait = std::chrono::seconds(1);
constexpr auto kLazyCheckpoint = std::chrono::seconds(1);

MonoTime earlier(MonoTime a, MonoTime b) {
  return std::min(a, b);
}

}  // namespace

Lane::Lane(SubscriberSpec spec, LaneContext context, LaneMetrics metrics)
    : spec_(std::move(spec)),
      context_(context),
      metrics_(std::move(metrics)),
      progress_(spec_.record.cursor, spec_.record.settled),
      bucket_(spec_.policy.rate_limit.per_second, context.clock.mono_now()),
      breaker_(spec_.policy.circuit_breaker),
      saved_cursor_(spec_.record.cursor),
      saved_at_(context.clock.mono_now()) {}

// --- events in ----------------------------------------------------------------------------------

bool Lane::over_budget() const {
  return queue_bytes_ >= context_.queue_bytes || queue_.size() >= kMaxQueuedEvents ||
         held_bytes_ >= context_.queue_bytes || held_ >= kMaxHeldEvents ||
         retries_.size() >= kMaxRetries || progress_.open() >= kMaxOpen;
}

void Lane::take(const events::RoutedEvent& routed) {
  if (!progress_.take(routed.event->seq())) {
    return;
  }
  DeliveryItem item;
  item.event = routed.event;
  item.key = ordering_key(*item.event, spec_.policy.order_by);
  item.arrived = context_.clock.mono_now();
  item.from_log = true;
  enqueue(std::move(item), false);
}

void Lane::enqueue(DeliveryItem item, bool front) {
  const std::size_t bytes = item.event->memory_bytes();
  if (!item.key.empty() && !item.owns_key) {
    const auto [holder, free] = keys_.try_emplace(std::string(item.key));
    if (!free) {
      holder->second.push_back(std::move(item));
      ++held_;
      held_bytes_ += bytes;
      return;
    }
    item.owns_key = true;
  }
  queue_bytes_ += bytes;
  if (front) {
    queue_.push_front(std::move(item));
  } else {
    queue_.push_back(std::move(item));
  }
}

void Lane::take_live(const events::RoutedEvent& routed) {
  if (!live_ || routed.event->seq() <= progress_.taken_upto()) {
    return;
  }
  if (over_budget()) {
    live_ = false;  // the store has it; a scan goes on from here when there is room
    return;
  }
  take(routed);
}

void Lane::live_upto(events::Seq seq) {
  if (live_) {
    progress_.pass(seq);
  }
}

bool Lane::wants_scan() const {
  const bool ordered = !spec_.policy.order_by.empty();
  return !live_ && !stopping_ && spec_.record.status == store::SubscriberStatus::kRunning &&
         queue_bytes_ <= context_.queue_bytes / 2 && queue_.size() <= kMaxQueuedEvents / 2 &&
         !over_budget() && (rows_complete_ || (!ordered && rows_taken_));
}

void Lane::take_scan(const store::Store::ScanPage& page, events::Seq live_seq) {
  for (const events::RoutedEvent& routed : page.events) {
    if (routed.event->seq() <= progress_.taken_upto() || !routed.targets->contains(id())) {
      continue;
    }
    if (over_budget()) {
      return;
    }
    take(routed);
  }
  progress_.pass(page.scanned_to);
  live_ = page.scanned_to >= live_seq;
}

bool Lane::wants_rows() const {
  // A reading gives the earliest rows: with fewer than half of those in memory it brings new ones.
  return !rows_complete_ && !rows_requested_ && !stopping_ &&
         rows_known_.size() < kMaxRetries / 2 && queue_bytes_ <= context_.queue_bytes / 2 &&
         queue_.size() <= kMaxQueuedEvents / 2 && !over_budget();
}

void Lane::take_rows(const std::vector<store::RetryRecord>& rows,
                     const std::vector<events::RoutedEvent>& events,
                     bool complete) {
  rows_requested_ = false;
  rows_taken_ = true;
  rows_complete_ = complete && !rows_stale_;
  const auto closed = std::exchange(rows_closed_, {});
  const MonoTime now = context_.clock.mono_now();
  const std::int64_t now_unix_ns = context_.clock.unix_now_ns();
  for (const store::RetryRecord& row : rows) {
    if (over_budget()) {
      rows_complete_ = false;  // the store has the rest
      return;
    }
    if (closed.contains({row.seq, row.replay}) ||
        !rows_known_.emplace(row.seq, row.replay).second) {
      continue;
    }
    const auto found = std::lower_bound(
        events.begin(), events.end(), row.seq,
        [](const auto& routed, events::Seq seq) { return routed.event->seq() < seq; });
    if (found == events.end() || found->event->seq() != row.seq) {
      context_.changes.delete_retries.push_back({id(), row.seq, row.replay});
      rows_known_.erase({row.seq, row.replay});
      continue;  // its event is gone: an operator's doing
    }
    DeliveryItem item;
    item.event = found->event;
    item.key = ordering_key(*item.event, spec_.policy.order_by);
    item.arrived = now;
    item.replay = row.replay;
    item.attempts = row.attempts;
    item.first_attempt_unix_ns = row.first_attempt_unix_ns;
    item.has_row = true;
    item.due = now + Duration(std::max<std::int64_t>(0, row.next_at_unix_ns - now_unix_ns));
    if (item.due <= now || (!item.key.empty() && keys_.contains(std::string(item.key)))) {
      enqueue(std::move(item), false);
      continue;
    }
    if (!item.key.empty()) {
      keys_.try_emplace(std::string(item.key));
      item.owns_key = true;
    }
    retries_.emplace(item.due, std::move(item));
  }
}

// --- the instance -------------------------------------------------------------------------------

void Lane::instance_starting() {
  instance_ = InstanceState::kStarting;
  offered_ = offered_limits();
}

void Lane::instance_started(const loader::Limits& limits) {
  agreed_ = limits;
  apply_limits();
  instance_ = InstanceState::kRunning;
  failure_.clear();
}

void Lane::instance_failed(const std::string& reason) {
  for (auto& [batch_id, lease] : leases_) {
    for (std::size_t i = 0; i < lease.items.size(); ++i) {
      if (!lease.done[i]) {
        give_back(lease, i);
      }
    }
  }
  leases_.clear();
  instance_ = InstanceState::kNone;
  failure_ = reason;
  restart_at_ = context_.clock.mono_now() + reconnect_backoff(failures_in_a_row_++);
  ++counts_.plugin_restarts;
  metrics_.restarted();
}

bool Lane::wants_instance(MonoTime now) const {
  return instance_ == InstanceState::kNone && !stopping_ && now >= restart_at_;
}

void Lane::settled(const loader::Settlement& settlement) {
  const auto found = leases_.find(settlement.batch_id);
  if (found == leases_.end()) {
    return;  // expired before: its events have been booked
  }
  OpenLease& lease = found->second;
  const std::size_t end =
      std::min<std::size_t>(lease.items.size(), std::size_t{settlement.first} + settlement.count);
  for (std::size_t i = settlement.first; i < end; ++i) {
    if (!lease.done[i]) {
      finish(lease, i, settlement);
    }
  }
  if (lease.open == 0) {
    leases_.erase(found);
  }
}

void Lane::accepted(std::uint64_t batch_id, std::uint32_t count, bool busy) {
  const MonoTime now = context_.clock.mono_now();
  if (busy) {
    busy_until_ = now + kBusyWait;
  }
  const auto found = leases_.find(batch_id);
  if (found == leases_.end()) {
    return;
  }
  OpenLease& lease = found->second;
  for (std::size_t i = lease.items.size(); i-- > count;) {  // backwards: each goes to the front
    if (!lease.done[i]) {
      give_back(lease, i);
    }
  }
  if (lease.open == 0) {
    leases_.erase(found);
  }
}

void Lane::ready() {
  busy_until_ = not_connected_until_ = MonoTime{};
}

// --- operations ---------------------------------------------------------------------------------

void Lane::set_status(store::SubscriberStatus status, const std::string& reason) {
  spec_.record.status = status;
  spec_.record.status_reason = reason;
  context_.changes.statuses.push_back({id(), status, reason});
}

void Lane::pause(const std::string& reason) {
  set_status(store::SubscriberStatus::kPaused, reason);
}

void Lane::resume() {
  set_status(store::SubscriberStatus::kRunning, "");
  breaker_.succeeded();
  throttled_until_ = not_connected_until_ = busy_until_ = MonoTime{};
  not_connected_in_a_row_ = 0;
}

void Lane::step(const Deliver& deliver) {
  const MonoTime now = context_.clock.mono_now();
  expire_leases(now);
  if (next_order_ && in_flight_events_ == 0) {
    spec_.policy.order_by = *std::exchange(next_order_, std::nullopt);
    renew_keys();
  }
  while (!retries_.empty() && retries_.begin()->first <= now) {
    auto node = retries_.extract(retries_.begin());
    enqueue(std::move(node.mapped()), true);
  }
  lease_all(now, deliver);
}

bool Lane::may_lease(MonoTime now) const {
  return instance_ == InstanceState::kRunning && !stopping_ && !queue_.empty() && !next_order_ &&
         spec_.record.status == store::SubscriberStatus::kRunning && busy_until_ <= now &&
         throttled_until_ <= now && not_connected_until_ <= now &&
         breaker_.state(now) != Breaker::State::kOpen;
}

bool Lane::batch_is_due(MonoTime now) const {
  const config::BatchPolicy& batch = *spec_.policy.batch;
  return queue_.size() >= batch.max_events || queue_bytes_ >= batch.max_bytes ||
         now >= queue_.front().arrived + batch.max_delay;
}

std::size_t Lane::lease_size(MonoTime now) {
  const config::DeliveryPolicy& policy = spec_.policy;
  std::size_t most = std::min<std::size_t>(queue_.size(), std::max(limits_.max_batch_events, 1u));
  if (leases_.size() >= std::max(limits_.max_in_flight_batches, 1u)) {
    return 0;
  }
  if (policy.batch) {
    if (leases_.size() >= policy.concurrency || !batch_is_due(now)) {
      return 0;
    }
    most = std::min<std::size_t>(most, policy.batch->max_events);
  } else {
    if (in_flight_events_ >= policy.concurrency) {
      return 0;
    }
    most = std::min<std::size_t>(most, policy.concurrency - in_flight_events_);
  }
  if (breaker_.state(now) == Breaker::State::kHalfOpen) {
    most = in_flight_events_ == 0 ? std::min<std::size_t>(most, 1) : 0;
  }
  most = bucket_.allowed(most, now);
  std::size_t bytes = 0;
  for (std::size_t count = 0; count < most; ++count) {
    bytes += queue_[count].event->memory_bytes();
    const bool fits =
        bytes <= limits_.max_batch_bytes && in_flight_bytes_ + bytes <= limits_.max_in_flight_bytes;
    if (!fits && (count > 0 || in_flight_bytes_ > 0)) {
      return count;
    }
  }
  return most;
}

void Lane::lease_all(MonoTime now, const Deliver& deliver) {
  while (may_lease(now)) {
    const std::size_t count = lease_size(now);
    if (count == 0) {
      return;
    }
    bucket_.take(count);
    OpenLease open;
    open.started = now;
    open.started_unix_ns = context_.clock.unix_now_ns();
    open.expires = now + spec_.policy.timeout + kLeaseGrace;
    open.open = count;
    open.done.resize(count);
    open.items.reserve(count);
    loader::Lease lease;
    lease.batch_id = context_.next_batch_id++;
    lease.deadline = now + spec_.policy.timeout;
    lease.events.reserve(count);
    for (std::size_t i = 0; i < count; ++i) {
      DeliveryItem item = std::move(queue_.front());
      queue_.pop_front();
      const std::size_t bytes = item.event->memory_bytes();
      queue_bytes_ -= bytes;
      in_flight_bytes_ += bytes;
      lease.events.push_back({item.event, item.key, item.attempts + 1, item.replay != 0});
      open.items.push_back(std::move(item));
    }
    in_flight_events_ += count;
    leases_.emplace(lease.batch_id, std::move(open));
    deliver(std::move(lease));
  }
}

void Lane::give_back(OpenLease& lease, std::size_t index) {
  lease.done[index] = true;
  --lease.open;
  --in_flight_events_;
  in_flight_bytes_ -= lease.items[index].event->memory_bytes();
  enqueue(std::move(lease.items[index]), true);
}

void Lane::expire_leases(MonoTime now) {
  while (!leases_.empty() && leases_.begin()->second.expires <= now) {
    OpenLease lease = std::move(leases_.begin()->second);
    leases_.erase(leases_.begin());
    loader::Settlement late;
    late.outcome = loader::Outcome::kRetry;
    late.reason = "no answer from the plugin within the subscriber's timeout";
    for (std::size_t i = 0; i < lease.items.size(); ++i) {
      if (!lease.done[i]) {
        finish(lease, i, late);
      }
    }
  }
}

MonoTime Lane::next_step() const {
  MonoTime next = MonoTime::max();
  if (!retries_.empty()) {
    next = earlier(next, retries_.begin()->first);
  }
  if (!leases_.empty()) {
    next = earlier(next, leases_.begin()->second.expires);
  }
  if (instance_ == InstanceState::kNone && !stopping_) {
    next = earlier(next, restart_at_);
  }
  if (instance_ != InstanceState::kRunning || queue_.empty() || stopping_ ||
      spec_.record.status != store::SubscriberStatus::kRunning) {
    return next;
  }
  const MonoTime now = context_.clock.mono_now();
  MonoTime gate = std::max({busy_until_, throttled_until_, not_connected_until_});
  if (breaker_.state(now) == Breaker::State::kOpen) {
    gate = std::max(gate, breaker_.until());
  }
  if (gate > now) {
    return earlier(next, gate);
  }
  // What could go now has gone; only what time alone brings is waited for here.
  if (spec_.policy.batch) {
    const MonoTime due = queue_.front().arrived + spec_.policy.batch->max_delay;
    next = due > now ? earlier(next, due) : next;
  }
  const MonoTime token = bucket_.next();
  next = token > now ? earlier(next, token) : next;
  return next;
}

// --- outcomes -----------------------------------------------------------------------------------

void Lane::log_attempt(const OpenLease& lease,
                       const DeliveryItem& item,
                       const loader::Settlement& settlement,
                       MonoTime now) {
  const bool good = settlement.outcome == loader::Outcome::kDelivered ||
                    settlement.outcome == loader::Outcome::kSkip;
  const config::AttemptLog wanted = spec_.policy.attempt_log;
  if (wanted == config::AttemptLog::kNone || (good && wanted != config::AttemptLog::kAll)) {
    return;
  }
  store::AttemptRecord record;
  record.subscriber = id();
  record.seq = item.event->seq();
  record.attempt = item.attempts;
  record.replay = item.replay;
  record.started_unix_ns = lease.started_unix_ns;
  record.duration_ns = Duration(now - lease.started).count();
  record.outcome = static_cast<std::uint8_t>(settlement.outcome);
  record.code = settlement.code;
  record.error = good ? std::string() : settlement.reason;
  context_.changes.attempts.push_back(std::move(record));
}

void Lane::finish(OpenLease& lease, std::size_t index, const loader::Settlement& settlement) {
  const MonoTime now = context_.clock.mono_now();
  if (settlement.outcome == loader::Outcome::kNotConnected) {
    if (not_connected_until_ <= now) {
      not_connected_until_ = now + reconnect_backoff(not_connected_in_a_row_++);
      not_connected_reason_ = settlement.reason;
    }
    metrics_.attempt(settlement.outcome, 0);
    give_back(lease, index);
    return;
  }
  lease.done[index] = true;
  --lease.open;
  --in_flight_events_;
  DeliveryItem item = std::move(lease.items[index]);
  in_flight_bytes_ -= item.event->memory_bytes();
  ++item.attempts;
  if (item.attempts == 1) {
    item.first_attempt_unix_ns = lease.started_unix_ns;
  } else {
    ++counts_.retried;
    metrics_.retried();
  }
  const Duration took = now - lease.started;
  latency_.add(took);
  metrics_.attempt(settlement.outcome, std::chrono::duration<double>(took).count());
  log_attempt(lease, item, settlement, now);
  if (settlement.plugin_fault) {
    metrics_.plugin_fault();
  } else {
    failures_in_a_row_ = 0;
    not_connected_in_a_row_ = 0;
  }
  switch (settlement.outcome) {
    case loader::Outcome::kDelivered:
      ++counts_.delivered;
      metrics_.delivered(item.event->event_type());
      breaker_.succeeded();
      close(item);
      return;
    case loader::Outcome::kSkip:
      ++counts_.skipped;
      breaker_.succeeded();
      close(item);
      return;
    case loader::Outcome::kReject:
      ++counts_.failed;
      metrics_.failed(item.event->event_type());
      if (settlement.disable && spec_.record.status == store::SubscriberStatus::kRunning) {
        set_status(store::SubscriberStatus::kDisabled, settlement.reason);
        context_.log.error(
            "subscriber disabled by its endpoint; `subscribers resume` starts it again",
            {{"subscriber", name()}, {"reason", settlement.reason}});
      }
      bury(item, settlement.disable ? store::DeadReason::kDisabled : store::DeadReason::kRejected,
           settlement);
      return;
    case loader::Outcome::kRetry:
    case loader::Outcome::kNotConnected:
      break;
  }
  ++counts_.failed;
  metrics_.failed(item.event->event_type());
  retry(std::move(item), settlement, now);
}

void Lane::retry(DeliveryItem item, const loader::Settlement& settlement, MonoTime now) {
  const config::RetryPolicy& policy = spec_.policy.retry;
  const Duration wait = backoff(policy, item.attempts, context_.random());
  const Duration hint = std::min<Duration>(settlement.retry_after, policy.max_interval);
  if (settlement.throttle) {
    throttled_until_ = std::max(throttled_until_, now + (hint.count() > 0 ? hint : wait));
  } else {
    breaker_.failed(now);
  }
  if (item.attempts >= policy.max_attempts) {
    bury(item,
         settlement.plugin_fault ? store::DeadReason::kPluginFault : store::DeadReason::kExhausted,
         settlement);
    return;
  }
  const Duration delay = std::max(wait, hint);
  const std::int64_t next_at = context_.clock.unix_now_ns() + delay.count();
  if (policy.max_elapsed.count() > 0 &&
      next_at - item.first_attempt_unix_ns > policy.max_elapsed.count()) {
    bury(item, store::DeadReason::kExpired, settlement);
    return;
  }
  store::RetryRecord row;
  row.subscriber = id();
  row.seq = item.event->seq();
  row.replay = item.replay;
  row.attempts = item.attempts;
  row.first_attempt_unix_ns = item.first_attempt_unix_ns;
  row.next_at_unix_ns = next_at;
  row.last_code = settlement.code;
  row.last_error = settlement.reason;
  context_.changes.upsert_retries.push_back(std::move(row));
  if (item.from_log) {
    progress_.settle(item.event->seq());  // the row stands for it now
    settled_since_save_ = true;
    item.from_log = false;
  }
  if (!item.has_row) {
    item.has_row = true;
    rows_known_.emplace(item.event->seq(), item.replay);
  }
  item.due = now + delay;
  retries_.emplace(item.due, std::move(item));
}

void Lane::bury(DeliveryItem& item,
                store::DeadReason reason,
                const loader::Settlement& settlement) {
  store::DeadLetterRecord dead;
  dead.subscriber = id();
  dead.seq = item.event->seq();
  dead.replay = item.replay;
  dead.reason = reason;
  dead.attempts = item.attempts;
  dead.last_code = settlement.code;
  dead.last_error = settlement.reason;
  dead.first_attempt_unix_ns = item.first_attempt_unix_ns;
  dead.last_attempt_unix_ns = dead.dead_unix_ns = context_.clock.unix_now_ns();
  const config::DeadLetterPolicy& policy = spec_.policy.dead_letter;
  if (policy.retention.count() > 0) {
    dead.expires_unix_ns = dead.dead_unix_ns + policy.retention.count();
  }
  context_.changes.add_dead_letters.push_back(std::move(dead));
  auto& trims = context_.changes.max_dead_letters;
  if (policy.max_events != 0 && (trims.empty() || trims.back().first != id())) {
    trims.emplace_back(id(), policy.max_events);
  }
  ++counts_.dead_lettered;
  metrics_.dead_letter(reason);
  close(item);
}

void Lane::close(DeliveryItem& item) {
  ++counts_.processed;
  if (item.from_log) {
    progress_.settle(item.event->seq());
    settled_since_save_ = true;
  }
  if (item.has_row) {
    context_.changes.delete_retries.push_back({id(), item.event->seq(), item.replay});
    rows_known_.erase({item.event->seq(), item.replay});
    if (rows_requested_) {
      rows_closed_.emplace(item.event->seq(), item.replay);
    }
  }
  release_key(item);
}

void Lane::release_key(const DeliveryItem& item) {
  if (!item.owns_key) {
    return;
  }
  const auto holder = keys_.find(std::string(item.key));
  if (holder->second.empty()) {
    keys_.erase(holder);
    return;
  }
  DeliveryItem next = std::move(holder->second.front());
  holder->second.pop_front();
  --held_;
  held_bytes_ -= next.event->memory_bytes();
  next.owns_key = true;
  enqueue(std::move(next), false);
}

// --- checkpoints and numbers --------------------------------------------------------------------

bool Lane::checkpoint(bool final) {
  const events::Seq cursor = progress_.cursor();
  if (cursor == saved_cursor_ && !settled_since_save_) {
    return true;
  }
  const MonoTime now = context_.clock.mono_now();
  if (!settled_since_save_ && !final && now - saved_at_ < kLazyCheckpoint) {
    return false;
  }
  context_.changes.cursors.push_back({id(), cursor, progress_.settled()});
  saved_cursor_ = cursor;
  saved_at_ = now;
  settled_since_save_ = false;
  metrics_.gauges(in_flight_events_, progress_.open());
  return true;
}

}  // namespace aev::delivery
