#include <algorithm>
#include <future>
#include <set>

#include <catch2/catch.hpp>

#include "dispatcher_fixture.h"

namespace aev::delivery::testing {
namespace {

using loader::Outcome;

bool each_once(const std::map<events::Seq, int>& tries, events::Seq last) {
  return tries.size() == last && std::all_of(tries.begin(), tries.end(),
                                             [](const auto& tried) { return tried.second == 1; });
}

}  // namespace

TEST_CASE("committed events reach the subscribers that are owed them", "[delivery][dispatcher]") {
  DispatcherFixture host;
  host.start(2);
  host.store.commit({1});
  host.store.commit({1, 2});
  host.store.commit({2});
  REQUIRE(host.plugins.wait_attempts(4));
  REQUIRE(host.wait_cursor(1, 3));
  REQUIRE(host.wait_cursor(2, 3));
  CHECK(host.plugins.tries("s1") == std::map<events::Seq, int>{{1, 1}, {2, 1}, {3, 0}});
  CHECK(host.plugins.tries("s2") == std::map<events::Seq, int>{{1, 0}, {2, 1}, {3, 1}});
}

TEST_CASE("the cursor of a live subscriber follows events that are not owed to it",
          "[delivery][dispatcher]") {
  DispatcherFixture host;
  host.start(2);
  host.store.commit({1});
  REQUIRE(host.wait_cursor(1, 1));
  host.store.commit({2});
  REQUIRE(host.wait_cursor(1, 2));
  CHECK(host.plugins.tries("s1")[2] == 0);
}

TEST_CASE("a subscriber that starts behind catches up and goes on live", "[delivery][dispatcher]") {
  DispatcherFixture host;
  static_cast<void>(host.store.register_subscriber("s1"));
  host.store.commit_many(3000);
  host.start();
  host.store.commit_many(10);
  REQUIRE(host.wait_cursor(1, 3010));
  CHECK(each_once(host.plugins.tries("s1"), 3010));
}

TEST_CASE("more events than fit in memory arrive once each", "[delivery][dispatcher]") {
  DispatcherFixture host;
  host.options.memory_bytes = 1;  // the least there is: 256 KiB for a lane
  host.plugins.answer([](const SeenAttempt&) { return std::nullopt; });
  host.start();
  constexpr std::size_t kGroups = 60;
  constexpr std::size_t kGroup = 250;
  for (std::size_t i = 0; i < kGroups; ++i) {
    host.store.commit_many(kGroup);
  }
  REQUIRE(host.plugins.wait_attempts(32));
  host.plugins.answer([](const SeenAttempt&) { return Outcome::kDelivered; });
  host.plugins.settle_held(Outcome::kDelivered);
  REQUIRE(host.wait_cursor(1, kGroups * kGroup));
  CHECK(each_once(host.plugins.tries("s1"), kGroups * kGroup));
}

TEST_CASE("failed attempts are repeated until they succeed", "[delivery][dispatcher]") {
  DispatcherFixture host;
  host.plugins.answer([](const SeenAttempt& attempt) {
    return attempt.attempt < 3 ? Outcome::kRetry : Outcome::kDelivered;
  });
  host.start();
  host.store.commit_many(20);
  REQUIRE(host.plugins.wait_attempts(60));
  REQUIRE(host.store.wait([](const FakeStoreState& state) {
    return state.rows.empty() && state.subscribers.at(1).cursor == 20;
  }));
  const auto stats = host.dispatcher->stats();
  REQUIRE(stats.size() == 1);
  CHECK(stats[0].delivered == 20);
  CHECK(stats[0].failed == 40);
  CHECK(stats[0].retried == 40);
  CHECK(stats[0].lag == 0);
}

TEST_CASE("a subscriber that holds its events does not hold up another", "[delivery][dispatcher]") {
  DispatcherFixture host;
  host.plugins.answer([](const SeenAttempt& attempt) -> std::optional<Outcome> {
    if (attempt.subscriber == "s1") {
      return std::nullopt;
    }
    return Outcome::kDelivered;
  });
  host.start(2);
  for (int i = 0; i < 100; ++i) {
    host.store.commit({1, 2});
  }
  REQUIRE(host.wait_cursor(2, 100));
  CHECK(host.store.state().subscribers.at(1).cursor == 0);
  CHECK(host.dispatcher->stats()[0].in_flight == 32);
}

TEST_CASE("pause and resume are stored and obeyed", "[delivery][dispatcher]") {
  DispatcherFixture host;
  host.start();
  REQUIRE(host.dispatcher->pause("s1", "maintenance").ok());
  host.store.commit_many(5);
  REQUIRE(host.store.wait([](const FakeStoreState& state) {
    return state.subscribers.at(1).status == store::SubscriberStatus::kPaused;
  }));
  CHECK(host.store.state().subscribers.at(1).status_reason == "maintenance");
  CHECK(host.dispatcher->stats()[0].state == "paused");
  CHECK(host.plugins.seen().empty());

  REQUIRE(host.dispatcher->resume("s1").ok());
  REQUIRE(host.wait_cursor(1, 5));
  CHECK(host.store.state().subscribers.at(1).status == store::SubscriberStatus::kRunning);
}

TEST_CASE("an unknown subscriber is not found", "[delivery][dispatcher]") {
  DispatcherFixture host;
  host.start();
  CHECK(host.dispatcher->pause("nobody", "").error().code == ErrorCode::kNotFound);
  CHECK(host.dispatcher->resume("nobody").error().code == ErrorCode::kNotFound);
  ReplayRequest request;
  request.subscriber = "nobody";
  CHECK(host.dispatcher->replay(request).error().code == ErrorCode::kNotFound);
}

TEST_CASE("dead letters that are taken back are tried anew", "[delivery][dispatcher]") {
  DispatcherFixture host;
  host.plugins.answer([](const SeenAttempt&) { return Outcome::kReject; });
  host.start();
  host.store.commit_many(10);
  REQUIRE(host.store.wait([](const FakeStoreState& state) { return state.dead.size() == 10; }));

  host.plugins.answer([](const SeenAttempt&) { return Outcome::kDelivered; });
  store::DeadLetterFilter filter;
  filter.subscriber = "s1";
  filter.limit = 6;
  const auto taken = host.dispatcher->retry_dead_letters(filter, 0);
  REQUIRE(taken.ok());
  CHECK(*taken == 6);
  REQUIRE(host.plugins.wait_attempts(16));
  REQUIRE(host.store.wait([](const FakeStoreState& state) { return state.rows.empty(); }));
  const auto seen = host.plugins.seen();
  CHECK(seen.back().attempt == 1);
  CHECK_FALSE(seen.back().replay);
  CHECK(host.store.state().dead.size() == 4);
}

TEST_CASE("a plugin that fails is started again and gets its events again",
          "[delivery][dispatcher]") {
  DispatcherFixture host;
  host.plugins.answer([](const SeenAttempt&) { return std::nullopt; });
  host.start();
  host.store.commit_many(3);
  REQUIRE(host.plugins.wait_attempts(3));
  host.plugins.answer([](const SeenAttempt&) { return Outcome::kDelivered; });
  host.plugins.fail("s1");
  REQUIRE(host.plugins.wait_attempts(6));
  REQUIRE(host.store.wait([](const FakeStoreState& state) { return state.rows.empty(); }));
  const auto stats = host.dispatcher->stats();
  CHECK(stats[0].plugin_restarts == 1);
  CHECK(stats[0].delivered == 3);
  CHECK(stats[0].state == "running");
}

TEST_CASE("a plugin that cannot be created at start is an error that names its subscriber",
          "[delivery][dispatcher]") {
  DispatcherFixture host;
  host.plugins.refuse(Error{ErrorCode::kInvalid, "url is missing", "/url"});
  const auto started = host.try_start();
  REQUIRE_FALSE(started.ok());
  CHECK(started.error().code == ErrorCode::kInvalid);
  CHECK(started.error().pointer == "/url");
  CHECK_THAT(started.error().message, Catch::Contains("s1") && Catch::Contains("url is missing"));
}

TEST_CASE("stopping waits for what is in flight and saves the last cursor",
          "[delivery][dispatcher]") {
  DispatcherFixture host;
  host.options.checkpoint_interval = std::chrono::hours(1);
  host.plugins.answer([](const SeenAttempt&) { return std::nullopt; });
  host.start();
  host.store.commit_many(4);
  REQUIRE(host.plugins.wait_attempts(4));
  auto stopping = std::async(std::launch::async,
                             [&] { host.dispatcher->stop(host.clock.mono_now() + kLimit); });
  REQUIRE(host.plugins.wait_stops(1));
  CHECK(host.store.state().subscribers.at(1).cursor == 0);
  host.plugins.settle_held(Outcome::kDelivered);
  stopping.get();
  CHECK(host.store.state().subscribers.at(1).cursor == 4);
}

TEST_CASE("a stopped dispatcher still answers", "[delivery][dispatcher]") {
  DispatcherFixture host;
  host.start();
  host.dispatcher->stop(host.clock.mono_now() + kLimit);
  host.store.commit_many(1);
  CHECK(host.dispatcher->stats().empty());
  CHECK_FALSE(host.dispatcher->pause("s1", "").ok());
  host.dispatcher->stop(host.clock.mono_now());
  CHECK(host.plugins.seen().empty());
}

TEST_CASE("after a failed read the log is read again only when a while has passed",
          "[delivery][dispatcher]") {
  ManualClock clock;
  DispatcherFixture host(clock);
  static_cast<void>(host.store.register_subscriber("s1"));
  host.store.commit_many(5);
  host.store.fail_scans(true);
  host.start();
  REQUIRE(host.store.wait([](const FakeStoreState& state) { return state.failed_scans >= 1; }));
  for (int i = 0; i < 50; ++i) {
    REQUIRE(host.dispatcher->stats().size() == 1);
  }
  CHECK(host.store.state().failed_scans == 1);

  host.store.fail_scans(false);
  REQUIRE(host.advance_until_attempts(clock, 5));
}

}  // namespace aev::delivery::testing
