#include <catch2/catch.hpp>

#include "core/mutex.h"
#include "dispatcher_fixture.h"
#include "lane_harness.h"

namespace aev::delivery::testing {
namespace {

using loader::Outcome;
using std::chrono::seconds;

/// Counts how often it is asked for the time, which every turn of the dispatcher does.
class CountingClock final : public Clock {
 public:
  [[nodiscard]] MonoTime mono_now() const override {
    const MutexLock lock(mutex_);
    ++asked_;
    changed_.notify_all();
    return time_.mono_now();
  }

  [[nodiscard]] std::int64_t unix_now_ns() const override { return time_.unix_now_ns(); }

  void advance(Duration by) { time_.advance(by); }

  /// True if it is asked so many more times within `limit` of the system's clock.
  [[nodiscard]] bool is_asked(std::size_t times, Duration limit) const {
    const auto deadline = std::chrono::steady_clock::now() + limit;
    const MutexLock lock(mutex_);
    const std::size_t enough = asked_ + times;
    while (asked_ < enough) {
      if (!changed_.wait_until(mutex_, deadline)) {
        return false;
      }
    }
    return true;
  }

 private:
  ManualClock time_;
  mutable Mutex mutex_;
  mutable CondVar changed_;
  mutable std::size_t asked_ = 0;
};

}  // namespace

TEST_CASE("a lane asks for retry rows only while it has room for them", "[delivery][bounds]") {
  LaneHarness lane(spec_of(plain_policy(), 20'000), 4096);
  lane.start_plugin();
  lane.lane->pause("maintenance");
  std::vector<store::RetryRecord> rows;
  std::vector<events::RoutedEvent> events;
  for (events::Seq seq = 1; seq <= 2'000; ++seq) {
    store::RetryRecord row;
    row.subscriber = 1;
    row.seq = seq;
    rows.push_back(row);
    events.push_back(made(seq));
  }
  lane.lane->rows_requested();
  lane.lane->take_rows(rows, events, false);
  CHECK_FALSE(lane.lane->wants_rows());
  lane.lane->resume();
  std::size_t delivered = 0;
  while (delivered < 2'000) {
    const auto leases = lane.step();
    for (const loader::Lease& lease : leases) {
      delivered += lease.events.size();
      lane.settle(lease, Outcome::kDelivered);
    }
    if (leases.empty()) {
      REQUIRE(lane.lane->wants_rows());
      lane.lane->rows_requested();
      lane.lane->take_rows({rows.begin() + static_cast<long>(delivered), rows.end()}, events,
                           false);
    }
  }
  CHECK(lane.stats().delivered == 2'000);
}

TEST_CASE("a replay schedules no more than a little ahead of its subscriber",
          "[delivery][bounds]") {
  DispatcherFixture host;
  host.start();
  host.store.commit_many(6000);
  REQUIRE(host.wait_cursor(1, 6000));
  REQUIRE(host.dispatcher->pause("s1", "maintenance").ok());
  ReplayRequest request;
  request.subscriber = "s1";
  REQUIRE(host.dispatcher->replay(request).ok());
  REQUIRE(host.store.wait([](const FakeStoreState& state) { return state.rows.size() >= 256; }));
  for (int i = 0; i < 500; ++i) {
    REQUIRE(host.dispatcher->stats().size() == 1);
  }
  CHECK(host.store.state().rows.size() < 4000);
  REQUIRE(host.dispatcher->resume("s1").ok());
  REQUIRE(host.store.wait([](const FakeStoreState& state) {
    return state.replays.begin()->second.done && state.rows.empty();
  }));
  CHECK(host.plugins.seen().size() == 12'000);
}

TEST_CASE("a replay whose reading fails tries again only when a while has passed",
          "[delivery][bounds]") {
  ManualClock clock;
  DispatcherFixture host(clock);
  host.start();
  host.store.commit_many(5);
  REQUIRE(host.plugins.wait_attempts(5));
  host.store.fail_scans(true);
  ReplayRequest request;
  request.subscriber = "s1";
  REQUIRE(host.dispatcher->replay(request).ok());
  REQUIRE(host.store.wait([](const FakeStoreState& state) { return state.failed_scans >= 1; }));
  for (int i = 0; i < 200; ++i) {
    REQUIRE(host.dispatcher->stats().size() == 1);
  }
  CHECK(host.store.state().failed_scans == 1);
  host.store.fail_scans(false);
  REQUIRE(host.advance_until_attempts(clock, 10));
}

TEST_CASE("the dispatcher sleeps while a plugin waits for its restart", "[delivery][bounds]") {
  CountingClock clock;
  DispatcherFixture host(clock);
  host.plugins.answer([](const SeenAttempt&) { return std::nullopt; });
  host.start();
  host.store.commit_many(3);
  REQUIRE(host.plugins.wait_attempts(3));
  host.plugins.answer([](const SeenAttempt&) { return Outcome::kDelivered; });
  host.plugins.fail("s1");
  REQUIRE(host.dispatcher->stats()[0].state == "failed");
  clock.advance(std::chrono::milliseconds(500));  // the retries are due, the restart is not
  REQUIRE(host.dispatcher->stats()[0].state == "failed");
  CHECK_FALSE(clock.is_asked(5'000, seconds(1)));
  clock.advance(seconds(1));
  REQUIRE(host.dispatcher->stats().size() == 1);
  CHECK(host.plugins.wait_attempts(6));
}

TEST_CASE("a probe that is skipped closes the breaker", "[delivery][bounds]") {
  auto policy = plain_policy();
  policy.circuit_breaker = {1, seconds(30)};
  LaneHarness lane(policy);
  lane.run();
  lane.commit(1, 1);
  lane.settle(lane.step_one(), Outcome::kRetry);
  lane.clock.advance(seconds(30));
  lane.settle(lane.step_one(), Outcome::kSkip);
  CHECK(lane.stats().state == "running");
}

}  // namespace aev::delivery::testing
