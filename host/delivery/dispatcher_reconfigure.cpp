#include <algorithm>

#include "delivery/dispatcher_impl.h"

namespace aev::delivery {
namespace {

constexpr auto kStartPatience = std::chrono::seconds(35);

}  // namespace

Result<void> DispatcherImpl::reconfigure(std::vector<SubscriberSpec> fresh,
                                         const std::vector<std::string>& removed,
                                         const std::function<void()>& switch_routes,
                                         Duration drain_for) {
  std::vector<Tried> tried;
  AEV_RETURN_IF_ERROR(try_instances(std::move(fresh), tried));
  ask([&] {
    for (Tried& one : tried) {
      if (one.is_new) {
        add_slot(std::move(one.made));
      }
    }
  });
  switch_routes();
  std::vector<std::future<void>> drained;
  ask([&] {
    const MonoTime deadline = clock_.mono_now() + drain_for;
    for (Tried& one : tried) {
      if (!one.is_new && all_stopped_ == nullptr) {
        slots_[one.slot].successor = std::move(one.made);
        drained.push_back(drain(slots_[one.slot], deadline));
      }
    }
    for (std::size_t i = 0; i < slots_.size() && all_stopped_ == nullptr; ++i) {
      if (!slots_[i].retired &&
          std::find(removed.begin(), removed.end(), slots_[i].lane->name()) != removed.end()) {
        retire(i);
        drained.push_back(drain(slots_[i], deadline));
      }
    }
  });
  const auto limit = std::chrono::steady_clock::now() + drain_for + kStopGrace;
  for (auto& each : drained) {
    each.wait_until(limit);
  }
  return {};
}

Result<void> DispatcherImpl::try_instances(std::vector<SubscriberSpec> fresh,
                                           std::vector<Tried>& tried) {
  bool running = false;
  ask([&] {
    running = all_stopped_ == nullptr && !ended_;
    std::size_t next = slots_.size();
    for (SubscriberSpec& spec : fresh) {
      Tried one;
      const auto known = by_id_.find(spec.record.id);
      one.is_new = known == by_id_.end();
      one.slot = one.is_new ? next++ : known->second;
      one.made.generation = next_generation_++;
      one.made.spec = std::move(spec);
      tried.push_back(std::move(one));
    }
  });
  if (!running) {
    return Error{ErrorCode::kConflict, "the host is stopping", {}};
  }
  const auto named = [](const Tried& one, Error error) {
    error.message = "subscriber '" + one.made.spec.record.name + "': " + error.message;
    return error;
  };
  for (Tried& one : tried) {
    const SubscriberSpec& spec = one.made.spec;
    one.made.plugged = std::make_shared<Plugged>();
    auto listener = std::make_unique<Candidate>(inbox_, one.slot, one.made.generation);
    one.candidate = listener.get();
    one.made.plugged->listener = std::move(listener);
    auto created = plugins_.create(spec.plugin, spec.record.name, spec.config_json, *one.candidate);
    if (!created) {
      return named(one, std::move(created.error()));
    }
    one.made.plugged->instance = std::move(*created);
    one.made.plugged->instance->start(offered_limits(spec.policy));
  }
  const auto patience = std::chrono::steady_clock::now() + kStartPatience;
  for (Tried& one : tried) {
    auto limits = one.candidate->wait_started(patience);
    if (!limits) {
      return named(one, std::move(limits.error()));
    }
    one.made.limits = *limits;
  }
  Result<void> adopted;
  ask([&] {
    for (const Tried& one : tried) {
      if (auto still = one.candidate->adopt(); !still) {
        adopted = named(one, std::move(still.error()));
        return;
      }
    }
  });
  return adopted;
}

void DispatcherImpl::add_slot(Successor made) {
  const std::size_t bytes =
      std::max<std::size_t>(kMinLaneBytes, options_.memory_bytes / (slots_.size() + 1));
  const LaneContext context{clock_, random_, next_batch_id_, changes_, bytes, log_};
  LaneMetrics metrics(metrics_, made.spec.record.name);
  Slot& slot = slots_.emplace_back();
  by_id_[made.spec.record.id] = slots_.size() - 1;
  slot.lane = std::make_unique<Lane>(std::move(made.spec), context, std::move(metrics));
  slot.plugged = std::move(made.plugged);
  slot.generation = made.generation;
  slot.lane->instance_starting();
  slot.lane->instance_started(made.limits);
}

std::future<void> DispatcherImpl::drain(Slot& slot, MonoTime deadline) {
  slot.drained = std::make_shared<std::promise<void>>();
  auto drained = slot.drained->get_future();
  if (slot.plugged) {
    slot.lane->hand_over();
    slot.plugged->instance->stop(deadline);
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
    discard(std::exchange(slot.plugged, std::move(next.plugged)));
    slot.generation = next.generation;
    slot.lane->change_spec(std::move(next.spec));
    slot.lane->instance_started(next.limits);
  } else if (slot.retired && slot.lane) {
    slot.lane->checkpoint(true);
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

void DispatcherImpl::retire(std::size_t index) {
  Slot& slot = slots_[index];
  by_id_.erase(slot.lane->id());
  slot.retired = true;
  slot.lane->stop();
  std::erase_if(replays_, [&](const auto& entry) { return entry.second.slot == index; });
}

}  // namespace aev::delivery
