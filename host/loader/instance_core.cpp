#include "loader/instance_core.h"

#include <algorithm>
#include <chrono>
#include <cstring>
#include <utility>

#include "loader/host_functions.h"
#include "loader/plugin_text.h"

namespace aev::loader {
namespace {

/// An abandoned instance's memory stays for good, because its plugin may use it at any time; here
/// it stays reachable, so that leak checkers tell it from a mistake.
void keep_forever(std::shared_ptr<InstanceCore> core) {
  struct Kept {
    Mutex mutex;
    std::vector<std::shared_ptr<InstanceCore>> cores AEV_GUARDED_BY(mutex);
  };

  static Kept* const kept = new Kept;
  MutexLock lock(kept->mutex);
  kept->cores.push_back(std::move(core));
}

std::string in_seconds(Duration time) {
  const auto tenths = std::chrono::duration_cast<std::chrono::milliseconds>(time).count() / 100;
  return std::to_string(tenths / 10) + "." + std::to_string(tenths % 10);
}

}  // namespace

InstanceCore::InstanceCore(std::shared_ptr<const LibraryUse> library,
                           std::string name,
                           LoaderServices& services,
                           InstanceListener& listener)
    : library_(std::move(library)),
      name_(std::move(name)),
      services_(services),
      listener_(listener),
      violations_(name_, services.clock, services.metrics, services.logger),
      metrics_(services.metrics, services.metric_kinds, gate_) {
  fill_host(host_, *this);
}

Result<void> InstanceCore::create(const std::string& type, const std::string& config_json) {
  aev_error error = new_plugin_error();
  const auto call = [&] {
    subscriber_ = library_->entry().create(type.c_str(), &host_, to_aev_str(config_json), &error);
  };
  const MonoTime begun = services_.clock.mono_now();
  std::optional<std::string> thrown = guarded_call(call);
  const Duration took = services_.clock.mono_now() - begun;
  if (took > services_.options.call_warning) {
    services_.logger.warning("a plugin call took long; create() is to do no I/O",
                             {{"subscriber", name_}, {"seconds", in_seconds(took)}});
  }
  if (thrown) {
    gate_.close();
    return Error{ErrorCode::kInternal,
                 "plugin \"" + type + "\": create() " + *thrown + ": report this to its vendor",
                 {}};
  }
  if (subscriber_ == nullptr) {
    gate_.close();
    return to_error(error, ErrorCode::kInvalid,
                    "plugin \"" + type + "\" refuses the configuration without saying why");
  }
  std::memcpy(&functions_, subscriber_,
              std::min<std::size_t>(subscriber_->struct_size, sizeof functions_));
  if (functions_.start != nullptr && functions_.deliver != nullptr && functions_.stop != nullptr &&
      functions_.destroy != nullptr) {
    query_ = static_cast<const aev_query*>(extension(AEV_EXT_QUERY));
    check_ = static_cast<const aev_check*>(extension(AEV_EXT_CHECK));
    return {};
  }
  destroy_unused();
  return Error{ErrorCode::kInternal,
               "plugin \"" + type +
                   "\" made an instance without start, deliver, stop or destroy, or with a "
                   "struct_size that does not cover them: report this to its vendor",
               {}};
}

void InstanceCore::destroy_unused() {
  if (functions_.destroy != nullptr) {
    // There is nobody to tell and nothing to undo if it throws.
    [[maybe_unused]] const auto thrown = guarded_call([this] { functions_.destroy(subscriber_); });
  }
  gate_.close();
}

void InstanceCore::start(const Limits& offered) {
  MutexLock lock(mutex_);
  if (!started_ && !start_request_) {
    start_request_ = offered;
    changed_.notify_all();
  }
}

void InstanceCore::deliver(Lease lease) {
  if (lease.events.empty()) {
    return;
  }
  MutexLock lock(mutex_);
  inbox_.push_back(std::move(lease));
  changed_.notify_all();
}

void InstanceCore::stop(MonoTime deadline) {
  MutexLock lock(mutex_);
  stop_deadline_ = std::min(deadline, stop_deadline_.value_or(deadline));
  changed_.notify_all();
}

bool InstanceCore::drop() {
  const LoaderOptions& options = services_.options;
  const MonoTime deadline = services_.clock.mono_now() + options.drop_timeout;
  // Real time from here: an injected clock may stand still, and a destructor must come to an end.
  using Real = std::chrono::steady_clock;
  const auto patient_until = Real::now() + options.drop_timeout;
  const auto limit = patient_until + options.stop_grace;
  {
    MutexLock lock(mutex_);
    if (!ended_) {
      stop_deadline_ = std::min(deadline, stop_deadline_.value_or(deadline));
      changed_.notify_all();
    }
    while (!told_ && Real::now() < patient_until) {
      concluded_.wait_until(mutex_, patient_until);
    }
    hurry_ = true;
    changed_.notify_all();
  }
  for (;;) {
    Call hung;
    {
      MutexLock lock(mutex_);
      // Not in the plugin: its thread comes by itself, however slow the machine is.
      while (!told_ && (Real::now() < limit || ended_ || call_.function == nullptr)) {
        concluded_.wait_until(mutex_, std::max(limit, Real::now() + options.watchdog_interval));
      }
      if (told_) {
        return abandoned_;
      }
      hung = call_;
    }
    abandon(hung);
  }
}

void InstanceCore::plugin_completes(const aev_result* results,
                                    std::uint32_t count,
                                    std::uint32_t stride) {
  if (count == 0) {
    return;
  }
  if (results == nullptr || stride < sizeof(aev_result)) {
    violations_.report(Violation::kBadResults, "stride " + std::to_string(stride));
    return;
  }
  Verdict verdict;
  leases_.settle(results, count, stride, verdict);
  report(verdict);
}

void InstanceCore::plugin_has_stopped() {
  requests_.end();
  {
    MutexLock lock(mutex_);
    if (stop_called_) {
      stopped_said_ = true;
      changed_.notify_all();
      return;
    }
  }
  violations_.report(Violation::kStoppedEarly, "");
}

void InstanceCore::plugin_fails(Error error) {
  MutexLock lock(mutex_);
  if (!failure_) {
    failure_ = std::move(error);
    changed_.notify_all();
  }
}

void InstanceCore::look(MonoTime now) {
  Call slow;
  bool hung = false;
  bool told = false;
  {
    MutexLock lock(mutex_);
    told = told_;
    if (stop_deadline_ && now >= *stop_deadline_) {
      changed_.notify_all();
    }
    if (!ended_ && call_.function != nullptr) {
      const Duration taken = now - call_.since;
      const LoaderOptions& options = services_.options;
      hung = taken >= options.call_limit ||
             (stop_deadline_ && now >= std::max(*stop_deadline_, call_.since) + options.stop_grace);
      if (hung || (taken >= options.call_warning && !call_.warned)) {
        call_.warned = true;
        slow = call_;
      }
    }
  }
  if (told) {
    answer_latecomers();
  } else if (hung) {
    abandon(slow);
  } else if (slow.function != nullptr) {
    services_.logger.warning("a plugin call takes long",
                             {{"subscriber", name_},
                              {"function", slow.function},
                              {"seconds", in_seconds(now - slow.since)}});
  }
}

void InstanceCore::abandon(const Call& hung) {
  {
    MutexLock lock(mutex_);
    if (ended_ || call_.function == nullptr || call_.number != hung.number) {
      return;
    }
    ended_ = true;
    abandoned_ = true;
  }
  keep_forever(shared_from_this());
  const std::string taken = in_seconds(services_.clock.mono_now() - hung.since);
  services_.metrics
      .counter("aragora_plugin_hangs_total",
               "Instances given up because a call into their plugin did not return.",
               {{"subscriber", name_}})
      .add();
  conclude(Error{ErrorCode::kInternal,
                 "the plugin hangs: " + std::string(hung.function) + "() has not returned for " +
                     taken + " s; its thread and memory are given up until the host restarts",
                 {}},
           true);
}

void InstanceCore::conclude(const std::optional<Error>& error, bool abandoned) {
  // Whoever is in a host function finishes first, so that nothing is reported after the end.
  gate_.close();
  if (error) {
    services_.logger.error("a plugin instance has failed",
                           {{"subscriber", name_}, {"reason", error->message}});
  }
  const std::string reason =
      error ? error->message : std::string("the subscriber was stopped before the attempt ended");
  std::vector<Settlement> settlements = leases_.end_all(reason, error.has_value(), abandoned);
  if (!error && !settlements.empty()) {
    violations_.report(Violation::kUnsettled, "batch " + std::to_string(settlements[0].batch_id));
  }
  std::deque<Lease> unseen;
  bool stopping = false;
  {
    MutexLock lock(mutex_);
    unseen.swap(inbox_);
    stopping = stop_deadline_.has_value();
  }
  for (const Lease& lease : unseen) {
    if (stopping) {
      listener_.on_accepted(lease.batch_id, 0, false);
      continue;
    }
    Settlement unsettled;
    unsettled.batch_id = lease.batch_id;
    unsettled.count = static_cast<std::uint32_t>(lease.events.size());
    unsettled.plugin_fault = true;
    unsettled.reason = reason;
    settlements.push_back(std::move(unsettled));
  }
  report(settlements);
  if (stopping) {
    listener_.on_stopped();
  } else {
    listener_.on_failed(*error);
  }
  MutexLock lock(mutex_);
  told_ = true;
  told_stopped_ = stopping;
  concluded_.notify_all();
}

void InstanceCore::answer_latecomers() {
  std::deque<Lease> late;
  bool stopped = false;
  {
    MutexLock lock(mutex_);
    late.swap(inbox_);
    stopped = stop_deadline_.has_value() && !told_stopped_;
    told_stopped_ = told_stopped_ || stopped;
  }
  for (const Lease& lease : late) {
    listener_.on_accepted(lease.batch_id, 0, false);
  }
  if (stopped) {
    listener_.on_stopped();
  }
}

void InstanceCore::report(const std::vector<Settlement>& settlements) {
  if (!settlements.empty()) {
    listener_.on_settled(settlements);
  }
}

void InstanceCore::report(const Verdict& verdict) {
  report(verdict.settlements);
  for (const auto& [kind, batch_id] : verdict.violations) {
    violations_.report(kind, "batch " + std::to_string(batch_id));
  }
}

}  // namespace aev::loader
