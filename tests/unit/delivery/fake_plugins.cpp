#include "fake_plugins.h"

#include <utility>

#include "fake_store.h"

namespace aev::delivery::testing {

/// What all instances share, so that either side may end first.
struct FakePlugins::Shared {
  Mutex mutex;
  CondVar changed;
  Answer answer AEV_GUARDED_BY(mutex) = [](const SeenAttempt&) {
    return loader::Outcome::kDelivered;
  };
  std::optional<Error> refusal AEV_GUARDED_BY(mutex);
  std::vector<SeenAttempt> seen AEV_GUARDED_BY(mutex);
  std::optional<Error> start_refusal AEV_GUARDED_BY(mutex);
  /// A subscriber has two while one takes the place of the other.
  std::multimap<std::string, FakeInstance*> instances AEV_GUARDED_BY(mutex);
  std::size_t stops AEV_GUARDED_BY(mutex) = 0;
  std::size_t created AEV_GUARDED_BY(mutex) = 0;
  bool starts_held AEV_GUARDED_BY(mutex) = false;
  bool dead AEV_GUARDED_BY(mutex) = false;
};

class FakePlugins::FakeInstance final : public loader::Instance {
 public:
  FakeInstance(std::shared_ptr<Shared> shared,
               std::string subscriber,
               std::string config,
               loader::InstanceListener& listener)
      : shared_(std::move(shared)),
        subscriber_(std::move(subscriber)),
        config_(std::move(config)),
        listener_(listener) {
    const MutexLock lock(shared_->mutex);
    shared_->instances.emplace(subscriber_, this);
    ++shared_->created;
    shared_->changed.notify_all();
  }

  ~FakeInstance() override {
    const MutexLock lock(shared_->mutex);
    std::erase_if(shared_->instances, [this](const auto& entry) { return entry.second == this; });
  }

  void start(const loader::Limits& offered) override {
    std::optional<Error> refusal;
    {
      const MutexLock lock(shared_->mutex);
      refusal = shared_->start_refusal;
      if (shared_->starts_held) {
        return;
      }
    }
    if (refusal) {
      listener_.on_started(*refusal);
      listener_.on_failed(*refusal);
    } else {
      listener_.on_started(offered);
    }
  }

  void deliver(loader::Lease lease) override {
    const MutexLock lock(shared_->mutex);
    if (shared_->dead) {
      return;
    }
    for (std::uint32_t i = 0; i < lease.events.size(); ++i) {
      const loader::LeasedEvent& leased = lease.events[i];
      const SeenAttempt attempt{subscriber_, leased.event->seq(), leased.attempt, leased.replay,
                                config_};
      loader::Settlement settlement;
      settlement.batch_id = lease.batch_id;
      settlement.first = i;
      settlement.count = 1;
      if (const auto outcome = shared_->answer(attempt)) {
        settlement.outcome = *outcome;
        listener_.on_settled({&settlement, 1});
      } else {
        held_.push_back(settlement);
      }
      shared_->seen.push_back(attempt);
    }
    shared_->changed.notify_all();
  }

  void stop(MonoTime) override {
    const MutexLock lock(shared_->mutex);
    stopping_ = true;
    ++shared_->stops;
    shared_->changed.notify_all();
    if (held_.empty() || shared_->dead) {
      listener_.on_stopped();
    }
  }

  /// The caller holds the shared mutex.
  void settle_held(loader::Outcome outcome, bool plugin_fault) {
    for (loader::Settlement& settlement : held_) {
      settlement.outcome = outcome;
      settlement.plugin_fault = plugin_fault;
    }
    listener_.on_settled(std::exchange(held_, {}));
    if (stopping_) {
      listener_.on_stopped();
    }
  }

  /// The caller holds the shared mutex.
  void fail() {
    settle_held(loader::Outcome::kRetry, true);
    listener_.on_failed(Error{ErrorCode::kInternal, "the plugin broke its contract", {}});
  }

 private:
  const std::shared_ptr<Shared> shared_;
  const std::string subscriber_;
  const std::string config_;
  loader::InstanceListener& listener_;
  std::vector<loader::Settlement> held_;  // guarded by the shared mutex, as is the next
  bool stopping_ = false;
};

FakePlugins::FakePlugins() : shared_(std::make_shared<Shared>()) {}

void FakePlugins::answer(Answer answer) {
  const MutexLock lock(shared_->mutex);
  shared_->answer = std::move(answer);
}

void FakePlugins::settle_held(loader::Outcome outcome) {
  const MutexLock lock(shared_->mutex);
  for (const auto& [name, instance] : shared_->instances) {
    instance->settle_held(outcome, false);
  }
}

void FakePlugins::fail(const std::string& subscriber) {
  const MutexLock lock(shared_->mutex);
  const auto range = shared_->instances.equal_range(subscriber);
  std::prev(range.second)->second->fail();  // the newest
}

void FakePlugins::die() {
  const MutexLock lock(shared_->mutex);
  shared_->dead = true;
}

void FakePlugins::revive() {
  const MutexLock lock(shared_->mutex);
  shared_->dead = false;
}

void FakePlugins::refuse(std::optional<Error> refusal) {
  const MutexLock lock(shared_->mutex);
  shared_->refusal = std::move(refusal);
}

void FakePlugins::refuse_start(std::optional<Error> refusal) {
  const MutexLock lock(shared_->mutex);
  shared_->start_refusal = std::move(refusal);
}

void FakePlugins::hold_starts() {
  const MutexLock lock(shared_->mutex);
  shared_->starts_held = true;
}

std::size_t FakePlugins::created() {
  const MutexLock lock(shared_->mutex);
  return shared_->created;
}

bool FakePlugins::wait_created(std::size_t count) {
  const auto deadline = std::chrono::steady_clock::now() + kLimit;
  const MutexLock lock(shared_->mutex);
  while (shared_->created < count) {
    if (!shared_->changed.wait_until(shared_->mutex, deadline)) {
      return shared_->created >= count;
    }
  }
  return true;
}

std::vector<SeenAttempt> FakePlugins::seen() {
  const MutexLock lock(shared_->mutex);
  return shared_->seen;
}

std::map<events::Seq, int> FakePlugins::tries(const std::string& subscriber) {
  std::map<events::Seq, int> tries;
  for (const SeenAttempt& attempt : seen()) {
    tries[attempt.seq] += attempt.subscriber == subscriber ? 1 : 0;
  }
  return tries;
}

bool FakePlugins::wait(const std::function<bool(const std::vector<SeenAttempt>&)>& condition) {
  const auto deadline = std::chrono::steady_clock::now() + kLimit;
  const MutexLock lock(shared_->mutex);
  while (!condition(shared_->seen)) {
    if (!shared_->changed.wait_until(shared_->mutex, deadline)) {
      return condition(shared_->seen);
    }
  }
  return true;
}

bool FakePlugins::wait_attempts(std::size_t count) {
  return wait([&](const auto& seen) { return seen.size() >= count; });
}

bool FakePlugins::wait_stops(std::size_t count) {
  const auto deadline = std::chrono::steady_clock::now() + kLimit;
  const MutexLock lock(shared_->mutex);
  while (shared_->stops < count) {
    if (!shared_->changed.wait_until(shared_->mutex, deadline)) {
      return shared_->stops >= count;
    }
  }
  return true;
}

Result<std::unique_ptr<loader::Instance>> FakePlugins::create(std::string_view,
                                                              const std::string& name,
                                                              const std::string& config_json,
                                                              loader::InstanceListener& listener) {
  {
    const MutexLock lock(shared_->mutex);
    if (shared_->refusal) {
      return *shared_->refusal;
    }
  }
  return std::unique_ptr<loader::Instance>(
      std::make_unique<FakeInstance>(shared_, name, config_json, listener));
}

}  // namespace aev::delivery::testing
