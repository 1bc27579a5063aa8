#include <algorithm>

#include "core/thread_name.h"
#include "delivery/dispatcher_impl.h"

namespace aev::delivery {
namespace {

constexpr auto kWriteGrace = std::chrono::seconds(5);
constexpr auto kLazyCheckpoint = std::chrono::seconds(1);

}  // namespace

Result<void> DispatcherImpl::start(std::vector<SubscriberSpec> subscribers) {
  live_seq_ = store_.stats().last_seq;
  for (SubscriberSpec& spec : subscribers) {
    const LaneContext context{clock_, random_, next_batch_id_, changes_, kMinLaneBytes, log_};
    LaneMetrics metrics(metrics_, spec.record.name);
    slots_.push_back(Slot{});
    by_id_[spec.record.id] = slots_.size() - 1;
    slots_.back().lane = std::make_unique<Lane>(std::move(spec), context, std::move(metrics));
  }
  share_memory();
  for (std::size_t i = 0; i < slots_.size(); ++i) {
    auto plugged = create_instance(slots_[i].lane->spec(), i, 0);
    if (!plugged) {
      Error error = std::move(plugged.error());
      error.message = "subscriber '" + slots_[i].lane->name() + "': " + error.message;
      return error;
    }
    slots_[i].plugged = std::move(*plugged);
  }
  AEV_RETURN_IF_ERROR(load_replays());
  reader_ = std::make_unique<WorkerThread>("aev-log-reader");
  for (Slot& slot : slots_) {
    slot.lane->instance_starting();
    slot.plugged->instance->start(slot.lane->offered_limits());
  }
  started_ = true;
  thread_ = std::thread([this] { run(); });
  return {};
}

void DispatcherImpl::on_committed(std::span<const events::RoutedEvent> events) {
  inbox_.committed(events);
}

void DispatcherImpl::stop(MonoTime deadline) {
  if (!thread_.joinable()) {
    return;
  }
  std::promise<void> all_stopped;
  auto stopped = all_stopped.get_future();
  inbox_.call([&] {
    all_stopped_ = &all_stopped;
    stopping_ = true;
    begin_stop(deadline);
  });
  stopped.wait_until(std::chrono::steady_clock::now() +
                     std::max<Duration>(deadline - clock_.mono_now(), Duration(0)) + kStopGrace);
  auto written = std::make_shared<std::promise<void>>();
  auto durable = written->get_future();
  inbox_.call([&, written] {
    all_stopped_ = nullptr;
    for (Slot& slot : slots_) {
      if (slot.lane) {
        slot.lane->checkpoint(true);
      }
    }
    store_.apply(std::exchange(changes_, {}), [written] { written->set_value(); });
    ended_ = true;
  });
  thread_.join();
  // What a full disk keeps from being written is worked out anew from the log at the next start.
  durable.wait_for(kWriteGrace);
  reader_.reset();
  slots_.clear();
}

Result<void> DispatcherImpl::pause(std::string_view subscriber, const std::string& reason) {
  return on_lane(subscriber, [&](Lane& lane) { lane.pause(reason); });
}

Result<void> DispatcherImpl::resume(std::string_view subscriber) {
  return on_lane(subscriber, [](Lane& lane) { lane.resume(); });
}

void DispatcherImpl::set_options(const DispatcherOptions& options) {
  ask([&] {
    options_ = options;
    share_memory();
  });
}

void DispatcherImpl::share_memory() {
  const auto lanes = static_cast<std::size_t>(
      std::count_if(slots_.begin(), slots_.end(), [](const Slot& slot) { return !slot.retired; }));
  const std::size_t bytes =
      std::max<std::size_t>(kMinLaneBytes, options_.memory_bytes / std::max<std::size_t>(1, lanes));
  for (Slot& slot : slots_) {
    if (slot.lane) {
      slot.lane->set_queue_bytes(bytes);
    }
  }
}

Result<std::uint64_t> DispatcherImpl::retry_dead_letters(const store::DeadLetterFilter& filter,
                                                         double per_second) {
  AEV_ASSIGN(const auto rows, store_.redrive(filter, per_second));
  ask([&] {
    for (const store::RetryRecord& row : rows) {
      if (const auto found = by_id_.find(row.subscriber); found != by_id_.end()) {
        slots_[found->second].lane->rows_added();
      }
    }
  });
  return rows.size();
}

Result<std::uint64_t> DispatcherImpl::replay(const ReplayRequest& request) {
  AEV_ASSIGN(ReplayFilter filter,
             decode_replay_filter(encode_replay_filter(request), pattern_check_));
  const store::StoreStats log = store_.stats();
  std::uint64_t id = 0;
  AEV_RETURN_IF_ERROR(on_lane(request.subscriber, [&](Lane& lane) {
    ActiveReplay replay;
    replay.slot = by_id_.at(lane.id());
    replay.filter = std::move(filter);
    replay.record.id = id = next_replay_id_++;
    replay.record.subscriber = lane.id();
    replay.record.next_seq = std::max<events::Seq>(log.first_seq, 1);
    replay.record.last_seq = log.last_seq;
    replay.record.filter_json = encode_replay_filter(request);
    replay.record.per_second = request.per_second;
    replay.record.created_unix_ns = clock_.unix_now_ns();
    changes_.upsert_replays.push_back(replay.record);
    replays_.emplace(id, std::move(replay));
  }));
  return id;
}

Result<loader::QueryAnswer> DispatcherImpl::query(std::string_view subscriber,
                                                  std::string_view name,
                                                  std::string_view parameters_json) {
  std::shared_ptr<Plugged> plugged;
  AEV_RETURN_IF_ERROR(find_instance(subscriber, plugged));
  return plugged->instance->query(name, parameters_json);
}

Result<std::string> DispatcherImpl::queries_json(std::string_view subscriber) {
  std::shared_ptr<Plugged> plugged;
  AEV_RETURN_IF_ERROR(find_instance(subscriber, plugged));
  return plugged->instance->queries_json();
}

std::vector<SubscriberStats> DispatcherImpl::stats() {
  std::vector<SubscriberStats> all;
  const events::Seq last = store_.stats().last_seq;
  ask([&] {
    for (const Slot& slot : slots_) {
      if (!slot.retired) {
        all.push_back(slot.lane->stats(last));
      }
    }
  });
  return all;
}

void DispatcherImpl::ask(const std::function<void()>& body) {
  if (!started_.load()) {
    return;
  }
  auto done = std::make_shared<std::promise<void>>();
  auto waiting = done->get_future();
  // If the thread ends first, the promise breaks and the wait ends.
  inbox_.call([&body, done = std::move(done)] {
    body();
    done->set_value();
  });
  waiting.wait();
}

Result<void> DispatcherImpl::on_lane(std::string_view name,
                                     const std::function<void(Lane&)>& body) {
  bool found = false;
  ask([&] {
    for (const Slot& slot : slots_) {
      if (!slot.retired && slot.lane->name() == name) {
        body(*slot.lane);
        found = true;
      }
    }
  });
  if (!found) {
    return Error{
        ErrorCode::kNotFound, "there is no subscriber named '" + std::string(name) + "'", {}};
  }
  return {};
}

Result<void> DispatcherImpl::find_instance(std::string_view subscriber,
                                           std::shared_ptr<Plugged>& plugged) {
  AEV_RETURN_IF_ERROR(
      on_lane(subscriber, [&](Lane& lane) { plugged = slots_[by_id_.at(lane.id())].plugged; }));
  if (!plugged) {
    return Error{
        ErrorCode::kConflict,
        "subscriber '" + std::string(subscriber) + "' has failed and waits for its restart",
        {}};
  }
  return {};
}

void DispatcherImpl::run() {
  name_this_thread("aev-dispatch");
  MonoTime next = clock_.mono_now();
  while (!ended_) {
    const Duration wait = next == MonoTime::max() ? Duration::max() : next - clock_.mono_now();
    Mail mail = inbox_.take(wait == Duration::max() ? MonoTime::max()
                                                    : std::chrono::steady_clock::now() + wait);
    if (!mail.empty() && checkpoint_at_ == MonoTime::max()) {
      checkpoint_at_ = clock_.mono_now() + options_.checkpoint_interval;
    }
    take_committed(mail.committed);
    for (InstanceMessage& message : mail.messages) {
      take_message(message);
    }
    for (const auto& call : mail.calls) {
      call();
    }
    next = turn();
  }
  inbox_.close();
}

MonoTime DispatcherImpl::turn() {
  MonoTime next = MonoTime::max();
  const MonoTime now = clock_.mono_now();
  for (std::size_t i = 0; i < slots_.size(); ++i) {
    Slot& slot = slots_[i];
    if (!slot.lane) {
      continue;
    }
    // Without an instance nothing is leased, but time goes on: what is due must not stay due.
    slot.lane->step(
        [&](loader::Lease lease) { slot.plugged->instance->deliver(std::move(lease)); });
    if (slot.lane->wants_instance(now)) {
      recreate_instance(i);
    }
    next = std::min(next, slot.lane->next_step());
  }
  if (!changes_.empty() && checkpoint_at_ == MonoTime::max()) {
    checkpoint_at_ = now + options_.checkpoint_interval;  // time alone moved something
  }
  if (now >= checkpoint_at_) {
    bool all = true;
    for (Slot& slot : slots_) {
      all = (!slot.lane || slot.lane->checkpoint(false)) && all;
    }
    checkpoint_at_ = all ? MonoTime::max() : now + kLazyCheckpoint;
  }
  if (!changes_.empty()) {
    store_.apply(std::exchange(changes_, {}), {});
  }
  const bool blocked = request_reads(now);
  if (blocked) {
    next = std::min(next, now + kAfterReadError);
  }
  return std::min(next, checkpoint_at_);
}

void DispatcherImpl::take_committed(const std::vector<events::RoutedEvent>& committed) {
  if (committed.empty()) {
    return;
  }
  for (const events::RoutedEvent& routed : committed) {
    for (const events::SubscriberId id : routed.targets->ids()) {
      if (const auto found = by_id_.find(id); found != by_id_.end()) {
        slots_[found->second].lane->take_live(routed);
      }
    }
  }
  live_seq_ = committed.back().event->seq();
  for (const Slot& slot : slots_) {
    // A removed one was not offered what is still routed to it: that stays for when it is back.
    if (slot.lane && !slot.retired) {
      slot.lane->live_upto(live_seq_);
    }
  }
}

void DispatcherImpl::take_message(InstanceMessage& message) {
  if (message.lane >= slots_.size()) {
    return;  // of an instance that is being tried and has no lane yet
  }
  Slot& slot = slots_[message.lane];
  if (message.generation != slot.generation || !slot.lane) {
    return;  // the last words of an instance that has been replaced
  }
  Lane& lane = *slot.lane;
  if (auto* settled = std::get_if<SettledMessage>(&message.what)) {
    for (const loader::Settlement& each : settled->settlements) {
      lane.settled(each);
    }
  } else if (auto* accepted = std::get_if<AcceptedMessage>(&message.what)) {
    lane.accepted(accepted->batch_id, accepted->count, accepted->busy);
  } else if (std::holds_alternative<ReadyMessage>(message.what)) {
    lane.ready();
  } else if (auto* started = std::get_if<StartedMessage>(&message.what)) {
    if (started->limits && !slot.draining()) {  // otherwise on_failed or on_stopped follows
      lane.instance_started(*started->limits);
    }
  } else if (auto* failed = std::get_if<FailedMessage>(&message.what)) {
    log_.error("plugin instance failed, it will be started again",
               {{"subscriber", lane.name()}, {"reason", failed->error.message}});
    lane.instance_failed(failed->error.message);
    slot.generation = next_generation_++;
    discard(std::move(slot.plugged));
    finish_drain(slot);
    note_stopped(slot, all_stopped_ != nullptr);
  } else {
    finish_drain(slot);
    note_stopped(slot, all_stopped_ != nullptr || slot.retired);
  }
}

std::unique_ptr<Dispatcher> Dispatcher::create(DispatcherOptions options,
                                               store::Store& store,
                                               loader::InstanceFactory& plugins,
                                               const Clock& clock,
                                               Random random,
                                               PatternCheck pattern_check,
                                               Metrics& metrics,
                                               Logger logger) {
  return std::make_unique<DispatcherImpl>(options, store, plugins, clock, std::move(random),
                                          std::move(pattern_check), metrics, std::move(logger));
}

}  // namespace aev::delivery
