// The part of InstanceCore that runs on the instance's own thread and calls the plugin.

#include <algorithm>
#include <limits>
#include <utility>

#include "core/thread_name.h"
#include "loader/instance_core.h"
#include "loader/plugin_text.h"

namespace aev::loader {
namespace {

constexpr unsigned kDeliverErrorsInRow = 3;

aev_limits to_plugin(const Limits& limits) {
  const auto timeout =
      std::chrono::duration_cast<std::chrono::milliseconds>(limits.timeout).count();
  aev_limits out{};
  out.struct_size = sizeof out;
  out.max_batch_events = limits.max_batch_events;
  out.max_batch_bytes = limits.max_batch_bytes;
  out.max_in_flight_bytes = limits.max_in_flight_bytes;
  out.max_in_flight_batches = limits.max_in_flight_batches;
  out.timeout_ms = static_cast<std::uint32_t>(
      std::clamp<std::int64_t>(timeout, 0, std::numeric_limits<std::uint32_t>::max()));
  out.flags = limits.batched ? std::uint32_t{AEV_LIMITS_BATCHED} : 0u;
  return out;
}

/// What the plugin takes: never more than was offered, never nothing.
Limits agreed(const Limits& offered, const aev_limits& taken) {
  const auto lower = [](auto ours, auto theirs) {
    return std::max<decltype(ours)>(1, std::min(ours, theirs));
  };
  Limits out = offered;
  out.max_batch_events = lower(offered.max_batch_events, taken.max_batch_events);
  out.max_batch_bytes = lower(offered.max_batch_bytes, taken.max_batch_bytes);
  out.max_in_flight_batches = lower(offered.max_in_flight_batches, taken.max_in_flight_batches);
  out.max_in_flight_bytes = lower(offered.max_in_flight_bytes, taken.max_in_flight_bytes);
  return out;
}

Error fault(std::string message) {
  return Error{ErrorCode::kInternal, "the plugin is at fault: " + std::move(message), {}};
}

}  // namespace

void InstanceCore::run() noexcept {
  name_this_thread(("aev-" + name_).c_str());
  for (;;) {
    Task task = next_task();
    switch (task.kind) {
      case Task::Kind::kStart:
        if (!do_start(task.offered)) {
          return;
        }
        break;
      case Task::Kind::kAnswer:
        if (!do_answers()) {
          return;
        }
        break;
      case Task::Kind::kCheck:
        if (!do_check(*task.check)) {
          return;
        }
        break;
      case Task::Kind::kDeliver:
        if (!do_deliver(std::move(task.lease))) {
          return;
        }
        break;
      case Task::Kind::kStop:
        do_stop();
        return;
      case Task::Kind::kFail:
        fail(std::move(task.error));
        return;
    }
  }
}

InstanceCore::Task InstanceCore::next_task() {
  MutexLock lock(mutex_);
  for (;;) {
    if (failure_) {
      return {.kind = Task::Kind::kFail, .error = *failure_};
    }
    if (stop_deadline_) {
      return {.kind = Task::Kind::kStop};
    }
    if (!checks_.empty()) {
      Task task{.kind = Task::Kind::kCheck, .check = std::move(checks_.front())};
      checks_.pop_front();
      return task;
    }
    if (!started_ && start_request_) {
      return {.kind = Task::Kind::kStart, .offered = *start_request_};
    }
    if (requests_.has_ready()) {
      return {.kind = Task::Kind::kAnswer};
    }
    if (started_ && !inbox_.empty()) {
      Task task{.kind = Task::Kind::kDeliver, .lease = std::move(inbox_.front())};
      inbox_.pop_front();
      return task;
    }
    changed_.wait(mutex_);
  }
}

bool InstanceCore::do_start(const Limits& offered) {
  aev_limits limits = to_plugin(offered);
  aev_error error = new_plugin_error();
  aev_status status = AEV_OK;
  std::string thrown;
  requests_.begin();
  const CallEnd end = call(
      "start", [&] { status = functions_.start(subscriber_, &limits, &error); }, thrown);
  if (end == CallEnd::kAbandoned) {
    return false;
  }
  if (end == CallEnd::kThrew || status != AEV_OK) {
    const ErrorCode code = status == AEV_E_CONFIG ? ErrorCode::kInvalid : ErrorCode::kInternal;
    const Error refused = end == CallEnd::kThrew
                              ? fault(thrown)
                              : to_error(error, code,
                                         "the plugin did not start and says no reason (status " +
                                             std::to_string(status) + ")");
    listener_.on_started(refused);
    fail(refused);
    return false;
  }
  {
    MutexLock lock(mutex_);
    started_ = true;
  }
  listener_.on_started(agreed(offered, limits));
  return true;
}

bool InstanceCore::do_deliver(Lease lease) {
  const std::uint64_t id = lease.batch_id;
  const std::shared_ptr<const aev_batch> batch = leases_.add(std::move(lease));
  const std::uint32_t count = batch->count;
  std::uint32_t accepted = count;
  aev_status status = AEV_OK;
  std::string thrown;
  const CallEnd end = call(
      "deliver", [&] { status = functions_.deliver(subscriber_, batch.get(), &accepted); }, thrown);
  if (end == CallEnd::kAbandoned) {
    return false;
  }
  if (end == CallEnd::kThrew) {
    fail(fault(thrown));
    return false;
  }
  const bool error = status != AEV_OK && status != AEV_BUSY;
  if (error) {
    accepted = 0;
    violations_.report(Violation::kDeliverFailed, "status " + std::to_string(status));
  } else if (accepted > count) {
    accepted = count;
    violations_.report(Violation::kAcceptedTooMany, "batch " + std::to_string(id));
  }
  Verdict verdict;
  leases_.accept(id, accepted, verdict);
  if (accepted < count || status != AEV_OK) {
    // After an error the host waits too, or it would offer the batch again at once.
    listener_.on_accepted(id, accepted, status != AEV_OK);
  }
  verdict.settlements = leases_.end_deliver(id);
  report(verdict);
  deliver_errors_in_row_ = error ? deliver_errors_in_row_ + 1 : 0;
  if (deliver_errors_in_row_ >= kDeliverErrorsInRow) {
    fail(fault("deliver() failed " + std::to_string(kDeliverErrorsInRow) +
               " times in a row, the last time with status " + std::to_string(status)));
    return false;
  }
  return true;
}

void InstanceCore::do_stop() {
  bool started = false;
  MonoTime deadline;
  std::deque<Lease> unseen;
  {
    MutexLock lock(mutex_);
    started = started_;
    deadline = *stop_deadline_;
    unseen.swap(inbox_);
    stop_called_ = started;
  }
  for (const Lease& lease : unseen) {
    listener_.on_accepted(lease.batch_id, 0, false);
  }
  unseen.clear();
  if (!started) {
    destroy_and_conclude(std::nullopt);
    return;
  }
  const std::int64_t deadline_ns =
      std::chrono::duration_cast<std::chrono::nanoseconds>(deadline.time_since_epoch()).count();
  std::string thrown;
  switch (call(
      "stop", [&] { functions_.stop(subscriber_, deadline_ns); }, thrown)) {
    case CallEnd::kAbandoned:
      return;
    case CallEnd::kThrew:
      destroy_and_conclude(fault(thrown));
      return;
    case CallEnd::kReturned: {
      std::optional<Error> error;
      if (wait_until_stopped(error)) {
        destroy_and_conclude(error);
      }
      return;
    }
  }
}

bool InstanceCore::wait_until_stopped(std::optional<Error>& error) {
  for (;;) {
    {
      MutexLock lock(mutex_);
      while (!requests_.has_ready() || stopped_said_ || failure_) {
        if (stopped_said_) {
          return true;
        }
        if (failure_) {
          error = failure_;
          return true;
        }
        if (hurry_ || services_.clock.mono_now() >= *stop_deadline_) {
          error = fault("it did not say that it stopped before the deadline");
          return true;
        }
        changed_.wait(mutex_);  // the watchdog wakes us at the deadline
      }
    }
    if (!do_answers()) {
      return false;
    }
  }
}

void InstanceCore::fail(Error error) {
  destroy_and_conclude(std::move(error));
}

void InstanceCore::destroy_and_conclude(const std::optional<Error>& error) {
  std::string thrown;
  for (const auto& [answer, given] : requests_.end_all()) {
    if (call(
            "answer", [&] { answer(given); }, thrown) == CallEnd::kAbandoned) {
      return;
    }
  }
  // Queries that are under way; the watchdog gives up a plugin that does not come back from one.
  if (call(
          "query", [this] { query_gate_.close(); }, thrown) == CallEnd::kAbandoned) {
    return;
  }
  const CallEnd end = call(
      "destroy", [this] { functions_.destroy(subscriber_); }, thrown);
  if (end == CallEnd::kAbandoned) {
    return;
  }
  {
    MutexLock lock(mutex_);
    ended_ = true;
  }
  if (end == CallEnd::kThrew && !error) {
    conclude(fault(thrown), false);
  } else {
    conclude(error, false);
  }
}

void InstanceCore::begin_call(const char* function) {
  const MonoTime now = services_.clock.mono_now();
  MutexLock lock(mutex_);
  ++call_.number;
  call_.function = function;
  call_.since = now;
  call_.warned = false;
}

bool InstanceCore::end_call() {
  MutexLock lock(mutex_);
  call_.function = nullptr;
  return !abandoned_;
}

}  // namespace aev::loader
