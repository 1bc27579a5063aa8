#include "worker.h"

#include <algorithm>

namespace aev::security {
namespace {

using Clock = std::chrono::steady_clock;

constexpr std::size_t kMostInFlight = 64;
constexpr auto kPublishPause = std::chrono::milliseconds(250);
constexpr nanoseconds kLeastCheckpointInterval = std::chrono::milliseconds(100);

std::int64_t unix_now_ns() {
  return std::chrono::duration_cast<nanoseconds>(
             std::chrono::system_clock::now().time_since_epoch())
      .count();
}

}  // namespace

/// Series made once.
struct Worker::Metrics {
  explicit Metrics(sdk::Host given) : host(given) {
    const auto counter = [&](std::string_view name, std::string_view help) {
      return host.metric(AEV_METRIC_COUNTER, name, help);
    };
    const auto gauge = [&](std::string_view name, std::string_view help) {
      return host.metric(AEV_METRIC_GAUGE, name, help);
    };
    events = counter("aragora_security_events_total", "Events that were applied");
    duplicates = counter("aragora_security_duplicates_total", "Events delivered again");
    late = counter("aragora_security_late_events_total", "Events that came too late to count");
    suppressed = counter("aragora_security_suppressed_total", "Firings held back by a cooldown");
    evicted = counter("aragora_security_evicted_keys_total",
                      "Windows given up because limits.keys or limits.window_events is reached");
    refused = counter("aragora_security_emissions_refused_total", "Events the host would not take");
    failures = counter("aragora_security_failures_total", "Transactions that failed");
    keys = gauge("aragora_security_keys", "Keys that have a window");
    window_events = gauge("aragora_security_window_events", "Events in all windows");
    outbox = gauge("aragora_security_outbox_events", "Events that wait to be published");
    entries = gauge("aragora_security_audit_entries", "Number of the audit trail's last entry");
    constexpr double kBounds[] = {0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 1, 5};
    commit = host.metric(AEV_METRIC_HISTOGRAM, "aragora_security_commit_seconds",
                         "From taking events to their commit", {}, kBounds);
  }

  void alert(const std::string& rule, std::uint64_t count) {
    auto found = alerts.find(rule);
    if (found == alerts.end()) {
      found = alerts
                  .emplace(rule, host.metric(AEV_METRIC_COUNTER, "aragora_security_alerts_total",
                                             "Alerts by rule", {{"rule", rule}}))
                  .first;
    }
    found->second.record(static_cast<double>(count));
  }

  const sdk::Host host;
  sdk::Metric events, duplicates, late, suppressed, evicted, refused, failures;
  sdk::Metric keys, window_events, outbox, entries, commit;
  std::map<std::string, sdk::Metric> alerts;
};

Worker::Worker(const Settings& settings, sdk::Host host)
    : settings_(settings),
      host_(host),
      recorder_(settings, std::string(host.subscriber_name()), unix_now_ns()),
      metrics_(std::make_unique<Metrics>(host)) {
  for (OutboxItem& item : recorder_.outbox()) {
    to_publish_.push_back(std::move(item));
  }
  report(0);
  checkpoint_at_ = Clock::now() + std::max(settings_.checkpoint_interval, kLeastCheckpointInterval);
  thread_ = std::thread([this] { run(); });
}

Worker::~Worker() {
  {
    const std::lock_guard lock(mutex_);
    abandoned_ = true;
  }
  changed_.notify_all();
  thread_.join();
}

void Worker::deliver(sdk::Batch batch) {
  {
    const std::lock_guard lock(mutex_);
    waiting_.push_back(batch);
  }
  changed_.notify_all();
}

void Worker::stop(sdk::MonoTime deadline) {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
    stop_deadline_ = deadline;
  }
  changed_.notify_all();
}

WorkerStatus Worker::status() const {
  const std::lock_guard lock(mutex_);
  return status_;
}

sdk::MonoTime Worker::next_wake() const {
  sdk::MonoTime wake = sdk::MonoTime::max();
  if (recorder_.has_unsigned_entries()) {
    wake = checkpoint_at_;
  }
  if (!held_.empty() || (!to_publish_.empty() && in_flight_.size() < kMostInFlight)) {
    wake = std::min(wake, publish_after_);
  }
  return wake;
}

void Worker::run() {
  std::vector<sdk::Batch> batches;
  std::vector<Answer> answers;
  for (;;) {
    publish();
    batches.clear();
    answers.clear();
    {
      std::unique_lock lock(mutex_);
      const auto something = [&] {
        return !waiting_.empty() || !answered_.empty() || stopping_ || abandoned_;
      };
      const sdk::MonoTime wake = next_wake();
      if (wake == sdk::MonoTime::max()) {
        changed_.wait(lock, something);
      } else {
        changed_.wait_until(lock, wake, something);
      }
      if (abandoned_) {
        return;
      }
      batches.swap(waiting_);
      answers.swap(answered_);
      if (stopping_ && batches.empty() && answers.empty() &&
          (in_flight_.empty() || Clock::now() >= stop_deadline_)) {
        break;
      }
      if (stopping_ && batches.empty() && answers.empty()) {
        changed_.wait_until(lock, stop_deadline_,
                            [&] { return !answered_.empty() || !waiting_.empty() || abandoned_; });
        continue;
      }
    }
    if (!held_.empty() && (!batches.empty() || Clock::now() >= publish_after_)) {
      answers.insert(answers.begin(), held_.begin(), held_.end());
      held_.clear();
    }
    if (!batches.empty() || !answers.empty()) {
      apply(batches, answers);
    } else if (Clock::now() >= checkpoint_at_) {
      checkpoint_at_ =
          Clock::now() + std::max(settings_.checkpoint_interval, kLeastCheckpointInterval);
      try {
        recorder_.checkpoint(unix_now_ns());
      } catch (const std::exception& fault) {
        fail({}, fault);
      }
    }
  }
  end();
}

void Worker::apply(const std::vector<sdk::Batch>& batches, const std::vector<Answer>& answers) {
  const auto began = Clock::now();
  const WorkerStatus before = mine_;
  applied_.assign(batches.size(), {});
  try {
    recorder_.begin();
    for (const Answer& answer : answers) {
      settle(answer);
    }
    for (std::size_t b = 0; b < batches.size(); ++b) {
      applied_[b].resize(batches[b].size());
      for (std::uint32_t i = 0; i < batches[b].size(); ++i) {
        const bool fresh = recorder_.take(batches[b][i]);
        applied_[b][i] = fresh;
        ++(fresh ? mine_.events : mine_.duplicates);
      }
    }
    recorder_.commit(unix_now_ns());
  } catch (const std::exception& fault) {
    mine_ = before;
    held_.insert(held_.begin(), answers.begin(), answers.end());
    fail(batches, fault);
    return;
  }
  for (const Answer& answer : answers) {
    const auto found = in_flight_.find(answer.number);
    if (found != in_flight_.end()) {
      if (answer.status.code == AEV_BUSY || answer.status.code == AEV_E_INTERNAL) {
        to_publish_.push_front(std::move(found->second));
        publish_after_ = Clock::now() + kPublishPause;
      }
      in_flight_.erase(found);
    }
  }
  for (OutboxItem& item : recorder_.take_new_emissions()) {
    to_publish_.push_back(std::move(item));
  }
  report(std::chrono::duration<double>(Clock::now() - began).count());
  for (std::size_t b = 0; b < batches.size(); ++b) {
    const sdk::Batch& batch = batches[b];
    for (std::uint32_t first = 0; first < batch.size();) {
      // A replay of what was applied before is not for us; redelivery after a crash is plain.
      const auto skipped = [&](std::uint32_t i) { return !applied_[b][i] && batch[i].is_replay(); };
      std::uint32_t last = first + 1;
      while (last < batch.size() && skipped(last) == skipped(first)) {
        ++last;
      }
      host_.complete(batch.id(), first, last - first,
                     skipped(first) ? sdk::Skip("it was applied before; a replay changes nothing")
                                    : sdk::Delivered());
      first = last;
    }
  }
}

void Worker::settle(const Answer& answer) {
  const auto found = in_flight_.find(answer.number);
  if (found == in_flight_.end()) {
    return;
  }
  if (answer.status.ok()) {
    recorder_.settle_emission(answer.number);
  } else if (answer.status.code == AEV_E_CONFIG) {
    host_.log(AEV_LOG_ERROR, "the host refuses an event of a rule",
              {{"event_type", found->second.event_type},
               {"id", found->second.id},
               {"reason", answer.status.message}});
    recorder_.refuse_emission(found->second, answer.status.message, unix_now_ns());
    metrics_->refused.record(1);
  }
}

void Worker::fail(const std::vector<sdk::Batch>& batches, const std::exception& fault) {
  const std::string why = fault.what();
  host_.log(AEV_LOG_ERROR, "the security database cannot be written", {{"reason", why}});
  metrics_->failures.record(1);
  try {
    recorder_.rollback();
  } catch (const std::exception& again) {
    host_.failed(again.what());
  }
  for (const sdk::Batch& batch : batches) {
    batch.complete_all(sdk::NotConnected(why));
  }
  publish_after_ = Clock::now() + kPublishPause;
}

void Worker::publish() {
  if (to_publish_.empty() || Clock::now() < publish_after_) {
    return;
  }
  while (!to_publish_.empty() && in_flight_.size() < kMostInFlight) {
    const OutboxItem item = std::move(to_publish_.front());
    to_publish_.pop_front();
    publish_one(item);
    if (Clock::now() < publish_after_) {
      return;
    }
  }
}

void Worker::publish_one(const OutboxItem& item) {
  sdk::Emission emission;
  emission.id = item.id;
  emission.event_type = item.event_type;
  emission.debate_id = item.debate_id;
  emission.time_unix_ns = item.time_ns;
  emission.data = item.data;
  const std::int64_t number = item.number;
  const auto done = [this, number](const sdk::Status& status) {
    {
      const std::lock_guard lock(mutex_);
      answered_.push_back({number, status});
    }
    changed_.notify_all();
  };
  in_flight_.emplace(number, item);
  const sdk::Status taken = host_.emit({&emission, 1}, done);
  if (taken.ok()) {
    return;
  }
  if (taken.code == AEV_BUSY || taken.code == AEV_E_STATE) {
    in_flight_.erase(number);
    to_publish_.push_front(item);
    publish_after_ = Clock::now() + kPublishPause;
  } else {
    done({AEV_E_CONFIG, taken.path, taken.message});
  }
}

void Worker::report(double seconds) {
  const RuleEngine& engine = recorder_.engine();
  const WorkerStatus old = status();
  for (const auto& [rule, count] : recorder_.take_fired()) {
    mine_.alerts += count;
    metrics_->alert(rule, count);
  }
  mine_.entries = recorder_.entries();
  mine_.keys = engine.keys();
  mine_.window_events = engine.window_events();
  mine_.open_debates = engine.open_debates();
  mine_.evicted = std::max(mine_.evicted, engine.evicted());
  mine_.late = std::max(mine_.late, engine.counts().late);
  mine_.suppressed = std::max(mine_.suppressed, engine.counts().suppressed);
  mine_.debates_refused = std::max(mine_.debates_refused, engine.counts().busy);
  mine_.outbox = to_publish_.size() + in_flight_.size();
  const auto add = [](const sdk::Metric& metric, std::uint64_t now, std::uint64_t then) {
    if (now > then) {
      metric.record(static_cast<double>(now - then));
    }
  };
  add(metrics_->events, mine_.events, old.events);
  add(metrics_->duplicates, mine_.duplicates, old.duplicates);
  add(metrics_->late, mine_.late, old.late);
  add(metrics_->suppressed, mine_.suppressed, old.suppressed);
  add(metrics_->evicted, mine_.evicted, old.evicted);
  metrics_->keys.set(static_cast<double>(mine_.keys));
  metrics_->window_events.set(static_cast<double>(mine_.window_events));
  metrics_->outbox.set(static_cast<double>(mine_.outbox));
  metrics_->entries.set(static_cast<double>(mine_.entries));
  if (seconds > 0) {
    metrics_->commit.record(seconds);
  }
  if (mine_.evicted > old.evicted) {
    host_.log(AEV_LOG_WARNING,
              "more keys than limits.keys or limits.window_events: old windows are given up",
              {{"evicted", std::to_string(mine_.evicted - old.evicted)}});
  }
  const std::lock_guard lock(mutex_);
  status_ = mine_;
}

void Worker::end() {
  try {
    recorder_.close(unix_now_ns());
  } catch (const std::exception& fault) {
    // Nothing is lost: the trail holds all that the snapshot would.
    host_.log(AEV_LOG_WARNING, "the audit trail got no last checkpoint",
              {{"reason", fault.what()}});
  }
  host_.stopped();
}

}  // namespace aev::security
