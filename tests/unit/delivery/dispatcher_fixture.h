#pragma once

#include <memory>
#include <string>
#include <vector>

#include <catch2/catch.hpp>

#include "core/log.h"
#include "core/metrics.h"
#include "delivery/dispatcher.h"
#include "fake_plugins.h"
#include "fake_store.h"

namespace aev::delivery::testing {

/// Retries after a few milliseconds of the system's clock, up to a thousand times.
inline config::DeliveryPolicy quick_policy() {
  config::DeliveryPolicy policy;
  policy.retry.max_attempts = 1000;
  policy.retry.initial_interval = std::chrono::milliseconds(2);
  policy.retry.max_interval = std::chrono::milliseconds(20);
  policy.circuit_breaker.failures = 0;
  policy.concurrency = 32;
  return policy;
}

/// A dispatcher with its store and plugins, which outlive it: it can be stopped, or crash, and be
/// started again. Subscribers are named s1, s2 … and numbered alike.
class DispatcherFixture {
 public:
  explicit DispatcherFixture(const Clock& used_clock = system_clock()) : clock(used_clock) {}

  ~DispatcherFixture() {
    plugins.die();
    dispatcher.reset();
  }

  DispatcherFixture(const DispatcherFixture&) = delete;
  DispatcherFixture& operator=(const DispatcherFixture&) = delete;

  Result<void> try_start(std::size_t subscribers = 1) {
    dispatcher = Dispatcher::create(
        options, store, plugins, clock, [] { return 0.5; },
        [](const std::string& pattern) -> Result<std::function<bool(const events::Event&)>> {
          if (pattern == "broken") {
            return Error{ErrorCode::kInvalid, "not a pattern", {}};
          }
          return std::function<bool(const events::Event&)>(
              [pattern](const events::Event& event) { return event.debate_id() == pattern; });
        },
        metrics, Logger(log, "delivery"));
    store.set_commit_listener(
        [this](std::span<const events::RoutedEvent> events) { dispatcher->on_committed(events); });
    std::vector<SubscriberSpec> specs;
    for (std::size_t i = 1; i <= subscribers; ++i) {
      SubscriberSpec spec;
      spec.record = store.register_subscriber("s" + std::to_string(i)).value();
      spec.plugin = "fake";
      spec.policy = policy;
      specs.push_back(std::move(spec));
    }
    return dispatcher->start(std::move(specs));
  }

  void start(std::size_t subscribers = 1) { REQUIRE(try_start(subscribers).ok()); }

  /// Stops with time to drain, and forgets the dispatcher.
  void stop() {
    dispatcher->stop(clock.mono_now() + kLimit);
    forget();
  }

  /// Ends the dispatcher so that nothing it does from now on is kept.
  void crash() {
    store.cut_power();
    plugins.die();
    dispatcher->stop(clock.mono_now());
    forget();
    plugins.revive();
    store.restore_power();
  }

  /// True once the stored cursor of `subscriber` is at `seq`.
  [[nodiscard]] bool wait_cursor(events::SubscriberId subscriber, events::Seq seq) {
    return store.wait([&](const FakeStoreState& state) {
      const auto found = state.subscribers.find(subscriber);
      return found != state.subscribers.end() && found->second.cursor >= seq;
    });
  }

  /// Lets time pass until `attempts` have been seen: the dispatcher may book what a wait hangs on
  /// only after the test knew of it. False after kLimit.
  [[nodiscard]] bool advance_until_attempts(ManualClock& manual, std::size_t attempts) {
    const auto deadline = std::chrono::steady_clock::now() + kLimit;
    while (plugins.seen().size() < attempts && std::chrono::steady_clock::now() < deadline) {
      manual.advance(std::chrono::seconds(5));
      static_cast<void>(dispatcher->stats());  // a turn of the dispatcher
    }
    return plugins.wait_attempts(attempts);
  }

  const Clock& clock;
  FakeStore store;
  FakePlugins plugins;
  Metrics metrics;
  Log log{2, static_cast<LogLevel>(static_cast<int>(LogLevel::kError) + 1)};
  DispatcherOptions options;
  config::DeliveryPolicy policy = quick_policy();
  std::unique_ptr<Dispatcher> dispatcher;

 private:
  static const Clock& system_clock() {
    static const SystemClock clock;
    return clock;
  }

  void forget() {
    store.set_commit_listener({});
    dispatcher.reset();
  }
};

}  // namespace aev::delivery::testing
