#include <algorithm>

#include "delivery/dispatcher_impl.h"

namespace aev::delivery {
namespace {

constexpr auto kStartPatience = std::chrono::seconds(35);
/// Beyond an attempt's own time: its end must still be heard of.
constexpr auto kDrainMargin = std::chrono::seconds(5);

Error stopping() {
  return Error{ErrorCode::kConflict, "the host is stopping", {}};
}

Error of_subscriber(const SubscriberSpec& spec, Error error) {
  error.message = "subscriber '" + spec.record.name + "': " + error.message;
  error.pointer = "/" + spec.record.name + error.pointer;
  return error;
}

}  // namespace

Result<Reconfigured> DispatcherImpl::reconfigure(std::vector<SubscriberSpec> fresh,
                                                 const std::vector<std::string>& removed,
                                                 const std::function<void()>& switch_routes,
                                                 Duration patience) {
  {
    const MutexLock lock(trial_mutex_);
    if (interrupted_) {
      return stopping();
    }
  }
  std::vector<Tried> tried;
  AEV_RETURN_IF_ERROR(plan(std::move(fresh), tried));
  AEV_RETURN_IF_ERROR(try_instances(tried));
  AEV_RETURN_IF_ERROR(add_slots(tried));
  switch_routes();
  Reconfigured done;
  std::vector<std::pair<std::string, std::future<void>>> drains;
  ask([&] {
    for (Tried& one : tried) {
      if (one.is_new || stopping_) {
        continue;
      }
      Slot& slot = slots_[one.slot];
      if (one.same_instance) {
        slot.lane->change_policy(std::move(one.made.spec.policy));
        done.same_instance.push_back(slot.lane->name());
        continue;
      }
      if (slot.successor) {  // came late: the instance before it still drains
        discard(std::move(slot.successor->plugged));
      }
      slot.successor = std::move(one.made);
      drains.emplace_back(slot.lane->name(), drain(slot));
    }
    for (std::size_t i = 0; i < slots_.size() && !stopping_; ++i) {
      if (!slots_[i].retired &&
          std::find(removed.begin(), removed.end(), slots_[i].lane->name()) != removed.end()) {
        std::string name = slots_[i].lane->name();
        retire(i);
        drains.emplace_back(std::move(name), drain(slots_[i]));
      }
    }
    share_memory();
  });
  const auto limit = std::chrono::steady_clock::now() + patience;
  for (auto& [name, drained] : drains) {
    if (drained.wait_until(limit) != std::future_status::ready) {
      done.still_draining.push_back(std::move(name));
    }
  }
  return done;
}

void DispatcherImpl::interrupt() {
  {
    const MutexLock lock(trial_mutex_);
    interrupted_ = true;
    for (Candidate* candidate : on_trial_) {
      candidate->give_up(stopping());
    }
  }
  inbox_.call([this] {
    for (Slot& slot : slots_) {
      if (slot.drained) {
        std::exchange(slot.drained, nullptr)->set_value();  // it drains on, but nobody waits
      }
    }
  });
}

bool DispatcherImpl::is_leaving(std::string_view subscriber) {
  bool leaving = false;
  ask([&] {
    leaving = std::any_of(slots_.begin(), slots_.end(), [&](const Slot& slot) {
      return slot.retired && slot.lane && slot.lane->name() == subscriber;
    });
  });
  return leaving;
}

Result<void> DispatcherImpl::plan(std::vector<SubscriberSpec> fresh, std::vector<Tried>& tried) {
  Result<void> planned = stopping();
  ask([&] {
    if (stopping_) {
      return;
    }
    std::size_t next = slots_.size();
    for (SubscriberSpec& spec : fresh) {
      const bool leaving = std::any_of(slots_.begin(), slots_.end(), [&](const Slot& slot) {
        return slot.retired && slot.lane && slot.lane->id() == spec.record.id;
      });
      if (leaving) {
        planned = of_subscriber(
            spec, Error{ErrorCode::kConflict,
                        "was removed and still has deliveries in flight; reload again in a moment",
                        {}});
        return;
      }
      Tried one;
      const auto known = by_id_.find(spec.record.id);
      one.is_new = known == by_id_.end();
      one.slot = one.is_new ? next++ : known->second;
      one.same_instance =
          !one.is_new && !slots_[one.slot].successor && slots_[one.slot].lane->keeps_instance(spec);
      one.made.generation = next_generation_++;
      one.made.spec = std::move(spec);
      tried.push_back(std::move(one));
    }
    planned = {};
  });
  return planned;
}

Result<void> DispatcherImpl::try_instances(std::vector<Tried>& tried) {
  for (Tried& one : tried) {
    if (one.same_instance) {
      continue;
    }
    const SubscriberSpec& spec = one.made.spec;
    one.made.plugged = std::make_shared<Plugged>();
    auto listener = std::make_unique<Candidate>(inbox_, one.slot, one.made.generation);
    one.made.candidate = listener.get();
    one.made.plugged->listener = std::move(listener);
    auto created =
        plugins_.create(spec.plugin, spec.record.name, spec.config_json, *one.made.candidate);
    if (!created) {
      return of_subscriber(spec, std::move(created.error()));
    }
    one.made.plugged->instance = std::move(*created);
    one.made.plugged->instance->start(offered_limits(spec.policy));
  }
  {
    const MutexLock lock(trial_mutex_);
    if (interrupted_) {
      return stopping();
    }
    for (const Tried& one : tried) {
      if (one.made.candidate != nullptr) {
        on_trial_.push_back(one.made.candidate);
      }
    }
  }
  auto started = wait_until_started(tried);
  const MutexLock lock(trial_mutex_);
  on_trial_.clear();
  return started;
}

Result<void> DispatcherImpl::wait_until_started(std::vector<Tried>& tried) {
  const auto patience = std::chrono::steady_clock::now() + kStartPatience;
  for (Tried& one : tried) {
    if (one.same_instance) {
      continue;
    }
    auto limits = one.made.candidate->wait_started(patience);
    if (!limits) {
      return of_subscriber(one.made.spec, std::move(limits.error()));
    }
    one.made.limits = *limits;
  }
  return {};
}

Result<void> DispatcherImpl::add_slots(std::vector<Tried>& tried) {
  Result<void> added = stopping();
  ask([&] {
    if (stopping_) {
      return;
    }
    for (const Tried& one : tried) {
      if (!one.same_instance) {
        if (auto alive = one.made.candidate->check(); !alive) {
          added = of_subscriber(one.made.spec, std::move(alive.error()));
          return;
        }
      }
    }
    for (Tried& one : tried) {
      if (one.is_new) {
        add_slot(std::move(one.made));
      }
    }
    added = {};
  });
  return added;
}

void DispatcherImpl::add_slot(Successor made) {
  const LaneContext context{clock_, random_, next_batch_id_, changes_, kMinLaneBytes, log_};
  LaneMetrics metrics(metrics_, made.spec.record.name);
  const std::size_t index = slots_.size();
  const events::SubscriberId id = made.spec.record.id;
  Slot& slot = slots_.emplace_back();
  by_id_[id] = index;
  slot.lane = std::make_unique<Lane>(made.spec, context, std::move(metrics));
  slot.lane->instance_starting();
  take_place(slot, std::move(made));
  for (auto& [number, replay] : replays_) {
    if (replay.record.subscriber == id) {
      replay.slot = index;  // goes on where it was when the subscriber was removed
    }
  }
}

std::future<void> DispatcherImpl::drain(Slot& slot) {
  if (slot.drained) {
    slot.drained->set_value();
  }
  slot.drained = std::make_shared<std::promise<void>>();
  auto drained = slot.drained->get_future();
  if (slot.plugged) {
    // Time for every attempt to end by itself: one that is cut short may arrive twice.
    const Duration longest = slot.lane->spec().policy.timeout + kDrainMargin;
    slot.lane->hand_over();
    slot.plugged->instance->stop(clock_.mono_now() + longest);
  } else {
    slot.generation = next_generation_++;  // whatever is being created comes too late
    finish_drain(slot);
  }
  return drained;
}

void DispatcherImpl::finish_drain(Slot& slot) {
  if (slot.successor) {
    Successor next = std::move(*slot.successor);
    slot.successor.reset();
    slot.lane->change_spec(next.spec);
    take_place(slot, std::move(next));
  } else if (slot.retired && slot.lane) {
    slot.lane->checkpoint(true);
    slot.lane->clear_gauges();
    // Before anyone is told: a configuration that names it again begins at this cursor.
    store_.apply(std::exchange(changes_, {}), {});
    discard(std::exchange(slot.plugged, nullptr));
    slot.lane.reset();
    slot.stopped = true;
  }
  if (slot.drained) {
    std::exchange(slot.drained, nullptr)->set_value();
  }
}

void DispatcherImpl::take_place(Slot& slot, Successor made) {
  discard(std::exchange(slot.plugged, nullptr));
  if (const auto alive = made.candidate->adopt(); !alive) {
    log_.error("plugin instance failed, it will be started again",
               {{"subscriber", slot.lane->name()}, {"reason", alive.error().message}});
    slot.lane->instance_failed(alive.error().message);
    slot.generation = next_generation_++;
    discard(std::move(made.plugged));
    return;
  }
  slot.generation = made.generation;
  slot.plugged = std::move(made.plugged);
  slot.lane->instance_started(made.limits);
}

void DispatcherImpl::retire(std::size_t index) {
  Slot& slot = slots_[index];
  by_id_.erase(slot.lane->id());
  slot.retired = true;
  slot.lane->stop();
  if (slot.successor) {
    discard(std::move(slot.successor->plugged));
    slot.successor.reset();
  }
  for (auto& [number, replay] : replays_) {
    if (replay.slot == index) {
      replay.slot.reset();
    }
  }
}

}  // namespace aev::delivery
