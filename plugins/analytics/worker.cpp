#include "worker.h"

#include <algorithm>
#include <utility>

#include "rollup_file.h"

namespace aev::analytics {
namespace {

/// Events of one transaction, give or take a batch.
constexpr auto kRetryAfter = std::chrono::seconds(1);
constexpr auto kChoresEvery = std::chrono::seconds(30);
/// Between steps of removing what is old.
constexpr auto kNextStepAfter = std::chrono::milliseconds(50);
/// How often the worker asks where the host's log begins.
constexpr auto kFloorEvery = std::chrono::minutes(10);

std::int64_t unix_now_ns() {
  return std::chrono::duration_cast<std::chrono::nanoseconds>(
             std::chrono::system_clock::now().time_since_epoch())
      .count();
}

}  // namespace

Worker::Metrics::Metrics(const sdk::Host& host) {
  static constexpr double kBounds[] = {.001, .0025, .005, .01, .025, .05, .1, .25, .5, 1, 2.5, 5};
  const auto counter = [&](std::string_view name, std::string_view help) {
    return host.metric(AEV_METRIC_COUNTER, name, help, {{"subscriber", host.subscriber_name()}});
  };
  applied = counter("aragora_analytics_events_total", "Events counted");
  duplicates = counter("aragora_analytics_duplicates_total",
                       "Events delivered again after they had been counted");
  late = counter("aragora_analytics_late_events_total",
                 "Events counted that are more than five minutes older than the newest");
  unreadable = counter("aragora_analytics_unreadable_events_total",
                       "Events counted whose data is no JSON object though it should be");
  ignored = counter("aragora_analytics_ignored_fields_total",
                    "Members of events' data that were ignored because of a wrong type");
  failures = counter("aragora_analytics_commit_failures_total", "Transactions that failed");
  commit_seconds = host.metric(AEV_METRIC_HISTOGRAM, "aragora_analytics_commit_seconds",
                               "Time of reading, counting and committing a group of events",
                               {{"subscriber", host.subscriber_name()}}, kBounds);
}

Worker::Worker(const Options& options, sdk::Host host, const aev_limits& limits)
    : options_(options),
      host_(host),
      full_group_(full_group(limits)),
      metrics_(host),
      rollup_(open_rollup(options.file), options.retention),
      identity_(host, rollup_, [this](std::function<void()> call) { post(std::move(call)); }),
      rebuild_(
          host,
          rollup_,
          options.retention,
          [this](std::function<void()> call) { post(std::move(call)); },
          &unix_now_ns) {
  identity_.ask();
  thread_ = std::thread([this] { run(); });
}

Worker::~Worker() {
  {
    const std::lock_guard lock(mutex_);
    abandoned_ = true;
  }
  changed_.notify_all();
  thread_.join();
  rebuild_.abandon();
}

void Worker::deliver(const sdk::Batch& batch) {
  {
    const std::lock_guard lock(mutex_);
    if (waiting_.empty()) {
      waiting_since_ = Clock::now();
    }
    waiting_.push_back(batch);
    waiting_events_ += batch.size();
  }
  changed_.notify_all();
}

void Worker::stop() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  changed_.notify_all();
}

void Worker::post(std::function<void()> call) {
  {
    const std::lock_guard lock(mutex_);
    calls_.push_back(std::move(call));
  }
  changed_.notify_all();
}

std::future<RebuildProgress> Worker::rebuild(RebuildOptions options) {
  auto started = std::make_shared<std::promise<RebuildProgress>>();
  auto answer = started->get_future();
  RebuildProgress refused;
  refused.state = RebuildState::kRefused;
  {
    // What is posted before the end is signalled is run; later nobody would answer.
    const std::lock_guard lock(mutex_);
    if (!stopping_) {
      refused.reason = "the host has not shown its log yet; try again in a moment";
      calls_.push_back([this, options, started, refused] {
        if (identity_.known()) {
          rebuild_.begin(options, started);
        } else {
          started->set_value(refused);
        }
      });
      changed_.notify_all();
      return answer;
    }
  }
  refused.reason = "the subscriber is being stopped";
  started->set_value(refused);
  return answer;
}

bool Worker::group_is_due(Clock::time_point now) const {
  if (waiting_.empty() || !identity_.known() || rebuild_.holds_live()) {
    return false;
  }
  return stopping_ || full_group_.reached(waiting_.size(), waiting_events_) ||
         now >= waiting_since_ + options_.commit_interval;
}

void Worker::run() {
  std::vector<std::function<void()>> calls;
  for (;;) {
    bool due = false;
    bool stopping = false;
    {
      std::unique_lock lock(mutex_);
      for (;;) {
        const auto now = Clock::now();
        due = group_is_due(now);
        if (abandoned_ || stopping_ || due || !calls_.empty() || now >= next_chores_) {
          break;
        }
        auto until = next_chores_;
        if (!waiting_.empty() && identity_.known() && !rebuild_.holds_live()) {
          until = std::min(until, waiting_since_ + options_.commit_interval);
        }
        changed_.wait_until(lock, until);
      }
      if (abandoned_) {
        return;
      }
      stopping = stopping_;
      calls.swap(calls_);
      if (due || stopping) {
        group_.swap(waiting_);
        waiting_events_ = 0;
      }
    }
    for (const auto& call : calls) {
      run_call(call);
    }
    calls.clear();
    if (due) {
      count_group();
    }
    if (stopping) {
      give_back("the subscriber is being stopped");
      rebuild_.abandon();
      host_.stopped();
      return;
    }
    if (Clock::now() >= next_chores_) {
      do_chores(Clock::now());
    }
  }
}

void Worker::run_call(const std::function<void()>& call) {
  try {
    call();
  } catch (const DatabaseError& fault) {
    complain(fault);
  }
  if (identity_.failed() || rebuild_.wants_retry()) {
    next_chores_ = std::min(next_chores_, Clock::now() + kRetryAfter);
  }
}

void Worker::count_group() {
  events_.clear();
  results_.clear();
  for (const sdk::Batch& batch : group_) {
    for (const sdk::Event event : batch) {
      events_.push_back(event);
    }
    results_.push_back(aev_result{batch.id(), 0, batch.size(), AEV_DELIVERED, 0, 0, 0, {}});
  }
  const auto begin = Clock::now();
  try {
    const AppliedGroup group = rollup_.apply(events_, unix_now_ns());
    metrics_.commit_seconds.record(std::chrono::duration<double>(Clock::now() - begin).count());
    metrics_.applied.record(static_cast<double>(group.applied));
    metrics_.duplicates.record(static_cast<double>(group.duplicates));
    metrics_.late.record(static_cast<double>(group.late));
    metrics_.unreadable.record(static_cast<double>(group.unreadable));
    metrics_.ignored.record(static_cast<double>(group.ignored_members));
  } catch (const DatabaseError& fault) {
    complain(fault);
    give_back(fault.what());
    return;
  } catch (const std::exception& fault) {
    give_back(fault.what());
    return;
  }
  if (std::exchange(failing_, false)) {
    host_.log(AEV_LOG_INFO, "events are counted again");
  }
  group_.clear();
  host_.complete(results_);
}

void Worker::give_back(std::string_view reason) {
  // As if there were no connection: the subscriber pauses, and no attempt is used up.
  for (const sdk::Batch& batch : group_) {
    batch.complete_all(sdk::NotConnected(reason));
  }
  group_.clear();
}

void Worker::complain(const DatabaseError& fault) {
  metrics_.failures.record(1);
  if (fault.fault() == DatabaseFault::kDamaged) {
    host_.failed(explain_damage(options_.file, fault.what()));
  } else if (!std::exchange(failing_, true)) {
    host_.log(AEV_LOG_ERROR, "events cannot be counted; the host keeps them and tries again",
              {{"reason", fault.what()}});
  }
}

void Worker::do_chores(Clock::time_point now) {
  next_chores_ = now + kChoresEvery;
  try {
    if (identity_.failed()) {
      identity_.ask();
    }
    rebuild_.retry();
    if (identity_.known()) {
      if (now >= next_floor_) {
        next_floor_ = now + kFloorEvery;
        ask_for_floor();
      }
      if (rollup_.remove_old(seconds_of_ns(unix_now_ns()))) {
        next_chores_ = now + kNextStepAfter;
      }
    }
  } catch (const DatabaseError& fault) {
    complain(fault);
  }
  if (identity_.failed() || rebuild_.wants_retry()) {
    next_chores_ = std::min(next_chores_, now + kRetryAfter);
  }
}

void Worker::ask_for_floor() {
  sdk::HistoryRequest request;
  request.after_seq = rollup_.place().highest;
  request.max_events = 1;
  // What fails is asked again the next time.
  static_cast<void>(
      host_.read_history(request, [this](const sdk::Status&, const sdk::HistoryPage* page) {
        if (page != nullptr) {
          post([this, first = page->first_seq()] { rollup_.raise_floor(first); });
        }
      }));
}

}  // namespace aev::analytics
