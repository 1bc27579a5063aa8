#include <algorithm>

#include "delivery/dispatcher_impl.h"

namespace aev::delivery {

Result<std::shared_ptr<Plugged>> DispatcherImpl::create_instance(const SubscriberSpec& spec,
                                                                 std::size_t slot,
                                                                 std::uint64_t generation) {
  auto plugged = std::make_shared<Plugged>();
  plugged->listener = std::make_unique<InboxListener>(inbox_, slot, generation);
  AEV_ASSIGN(plugged->instance,
             plugins_.create(spec.plugin, spec.record.name, spec.config_json, *plugged->listener));
  return plugged;
}

void DispatcherImpl::recreate_instance(std::size_t index) {
  slots_[index].lane->instance_starting();
  const std::uint64_t generation = slots_[index].generation;
  // A copy: the lanes are the dispatcher's own, and a new configuration may move them.
  reader_->submit([this, index, generation, spec = slots_[index].lane->spec()] {
    auto made = create_instance(spec, index, generation);
    inbox_.call([this, index, generation, made = std::move(made)] {
      Slot& slot = slots_[index];
      if (slot.generation != generation || !slot.lane) {
        if (made) {
          discard(made.value());  // another configuration was faster
        }
        return;
      }
      if (!made) {
        log_.error("plugin instance cannot be created",
                   {{"subscriber", slot.lane->name()}, {"reason", made.error().message}});
        slot.lane->instance_failed(made.error().message);
        return;
      }
      if (slot.stopped) {
        discard(made.value());
        return;
      }
      slot.plugged = made.value();
      slot.lane->instance_starting();  // under the policy of now
      slot.plugged->instance->start(slot.lane->offered_limits());
    });
  });
}

void DispatcherImpl::discard(std::shared_ptr<Plugged> plugged) {
  if (plugged) {
    reader_->submit([plugged = std::move(plugged)]() mutable { plugged.reset(); });
  }
}

void DispatcherImpl::begin_stop(MonoTime deadline) {
  for (Slot& slot : slots_) {
    if (!slot.lane) {
      continue;
    }
    slot.lane->stop();
    if (slot.successor) {
      discard(std::move(slot.successor->plugged));
      slot.successor.reset();
    }
    if (slot.plugged) {
      slot.plugged->instance->stop(deadline);
    } else {
      slot.stopped = true;
    }
  }
  check_all_stopped();
}

void DispatcherImpl::note_stopped(Slot& slot, bool stopped) {
  slot.stopped = slot.stopped || stopped;
  check_all_stopped();
}

void DispatcherImpl::check_all_stopped() {
  const bool all =
      std::all_of(slots_.begin(), slots_.end(), [](const Slot& slot) { return slot.stopped; });
  if (all && all_stopped_ != nullptr) {
    std::exchange(all_stopped_, nullptr)->set_value();
  }
}

}  // namespace aev::delivery
