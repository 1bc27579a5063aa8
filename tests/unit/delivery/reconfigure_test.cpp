#include <future>
#include <set>

#include <catch2/catch.hpp>

#include "dispatcher_fixture.h"

namespace aev::delivery::testing {
namespace {

using loader::Outcome;
using std::chrono::hours;
using std::chrono::seconds;

SubscriberSpec spec_of(DispatcherFixture& host, const std::string& name, std::string config) {
  SubscriberSpec spec;
  spec.record = host.store.register_subscriber(name).value();
  spec.plugin = "fake";
  spec.config_json = std::move(config);
  spec.policy = host.policy;
  return spec;
}

/// How often each config of `subscriber` was tried with each seq.
std::map<std::pair<std::string, events::Seq>, int> tries(DispatcherFixture& host,
                                                         const std::string& subscriber) {
  std::map<std::pair<std::string, events::Seq>, int> tries;
  for (const SeenAttempt& attempt : host.plugins.seen()) {
    if (attempt.subscriber == subscriber) {
      ++tries[{attempt.config, attempt.seq}];
    }
  }
  return tries;
}

/// Lets time pass until the stored cursor of `subscriber` is at `seq`; false after kLimit.
bool advance_until_cursor(DispatcherFixture& host,
                          ManualClock& clock,
                          events::SubscriberId subscriber,
                          events::Seq seq) {
  const auto deadline = std::chrono::steady_clock::now() + kLimit;
  while (host.store.state().subscribers.at(subscriber).cursor < seq &&
         std::chrono::steady_clock::now() < deadline) {
    clock.advance(seconds(1));
    static_cast<void>(host.dispatcher->stats());  // a turn of the dispatcher
  }
  return host.store.state().subscribers.at(subscriber).cursor >= seq;
}

std::set<std::string> names(DispatcherFixture& host) {
  std::set<std::string> names;
  for (const SubscriberStats& each : host.dispatcher->stats()) {
    names.insert(each.name);
  }
  return names;
}

}  // namespace

TEST_CASE("a subscriber that comes gets what is committed after the routes were switched",
          "[delivery][reconfigure]") {
  DispatcherFixture host;
  host.start();
  host.store.commit_many(3);
  REQUIRE(host.wait_cursor(1, 3));
  bool switched = false;
  REQUIRE(host.dispatcher->reconfigure(
      {spec_of(host, "s2", "new")}, {}, [&] { switched = true; }, seconds(30)));
  CHECK(switched);
  CHECK(names(host) == std::set<std::string>{"s1", "s2"});
  host.store.commit({1, 2});
  REQUIRE(host.wait_cursor(1, 4));
  REQUIRE(host.wait_cursor(2, 4));
  CHECK(tries(host, "s2") == std::map<std::pair<std::string, events::Seq>, int>{{{"new", 4}, 1}});
}

TEST_CASE(
    "a changed subscriber finishes with the old instance what that has, and goes on with the new",
    "[delivery][reconfigure]") {
  DispatcherFixture host;
  host.policy.concurrency = 2;
  host.plugins.answer([](const SeenAttempt& attempt) -> std::optional<Outcome> {
    return attempt.config == "new" ? std::optional(Outcome::kDelivered) : std::nullopt;
  });
  host.start();
  host.store.commit_many(5);
  REQUIRE(host.plugins.wait_attempts(2));
  auto done = std::async(std::launch::async, [&] {
    return host.dispatcher->reconfigure(
        {spec_of(host, "s1", "new")}, {}, [] {}, seconds(30));
  });
  REQUIRE(host.plugins.wait_stops(1));
  CHECK(host.plugins.seen().size() == 2);  // nothing more while the old one drains
  host.plugins.settle_held(Outcome::kDelivered);
  REQUIRE(done.get());
  REQUIRE(host.wait_cursor(1, 5));
  const auto seen = tries(host, "s1");
  CHECK(seen.size() == 5);
  CHECK(seen.at({"", 1}) == 1);
  CHECK(seen.at({"new", 5}) == 1);
  CHECK(host.dispatcher->stats()[0].delivered == 5);
}

TEST_CASE("if one instance does not start, all stays as it was", "[delivery][reconfigure]") {
  DispatcherFixture host;
  host.start();
  bool switched = false;
  const auto attempt = [&] {
    return host.dispatcher->reconfigure(
        {spec_of(host, "s1", "new"), spec_of(host, "s2", "new")}, {}, [&] { switched = true; },
        seconds(30));
  };
  host.plugins.refuse(Error{ErrorCode::kInvalid, "url is missing", "/url"});
  const auto refused = attempt();
  REQUIRE_FALSE(refused.ok());
  CHECK(refused.error().message == "subscriber 's1': url is missing");
  host.plugins.refuse(std::nullopt);
  host.plugins.refuse_start(Error{ErrorCode::kInternal, "the port is taken", {}});
  CHECK_THAT(attempt().error().message, Catch::Contains("the port is taken"));
  host.plugins.refuse_start(std::nullopt);
  CHECK_FALSE(switched);
  CHECK(names(host) == std::set<std::string>{"s1"});
  host.store.commit_many(2);
  REQUIRE(host.wait_cursor(1, 2));
  CHECK(tries(host, "s1").count({"", 2}) == 1);
  REQUIRE(attempt());
  CHECK(switched);
}

TEST_CASE("a removed subscriber keeps its place in the log and comes back there",
          "[delivery][reconfigure]") {
  DispatcherFixture host;
  host.start(2);
  host.store.commit({1, 2});
  REQUIRE(host.wait_cursor(1, 1));
  REQUIRE(host.wait_cursor(2, 1));
  REQUIRE(host.dispatcher->reconfigure(
      {}, {"s2"}, [] {}, seconds(30)));
  CHECK(names(host) == std::set<std::string>{"s1"});
  CHECK_FALSE(host.dispatcher->pause("s2", "").ok());
  host.store.commit({1, 2});  // routed before the routes were switched
  REQUIRE(host.wait_cursor(1, 2));
  CHECK(host.store.state().subscribers.at(2).cursor == 1);
  REQUIRE(host.dispatcher->reconfigure(
      {spec_of(host, "s2", "again")}, {}, [] {}, seconds(30)));
  REQUIRE(host.wait_cursor(2, 2));
  CHECK(tries(host, "s2").at({"again", 2}) == 1);
  CHECK(tries(host, "s2").count({"again", 1}) == 0);
}

TEST_CASE("a plugin that fails while it drains is replaced all the same",
          "[delivery][reconfigure]") {
  DispatcherFixture host;
  host.plugins.answer([](const SeenAttempt& attempt) -> std::optional<Outcome> {
    return attempt.config == "new" ? std::optional(Outcome::kDelivered) : std::nullopt;
  });
  host.start();
  host.store.commit_many(3);
  REQUIRE(host.plugins.wait_attempts(3));
  host.plugins.fail("s1");
  REQUIRE(host.dispatcher->stats()[0].state == "failed");
  REQUIRE(host.dispatcher->reconfigure(
      {spec_of(host, "s1", "new")}, {}, [] {}, seconds(30)));
  CHECK(host.dispatcher->stats()[0].state == "running");
  REQUIRE(host.wait_cursor(1, 3));
  REQUIRE(host.store.wait([](const FakeStoreState& state) { return state.rows.empty(); }));
}

TEST_CASE("a paused subscriber stays paused through a change", "[delivery][reconfigure]") {
  DispatcherFixture host;
  host.start();
  REQUIRE(host.dispatcher->pause("s1", "maintenance").ok());
  REQUIRE(host.dispatcher->reconfigure(
      {spec_of(host, "s1", "new")}, {}, [] {}, seconds(30)));
  CHECK(host.dispatcher->stats()[0].state == "paused");
  host.store.commit_many(1);
  REQUIRE(host.dispatcher->resume("s1").ok());
  REQUIRE(host.wait_cursor(1, 1));
}

TEST_CASE("a dispatcher can be stopped while a change drains", "[delivery][reconfigure]") {
  DispatcherFixture host;
  host.plugins.answer([](const SeenAttempt&) { return std::nullopt; });
  host.start();
  host.store.commit_many(1);
  REQUIRE(host.plugins.wait_attempts(1));
  auto change = std::async(std::launch::async, [&] {
    return host.dispatcher->reconfigure(
        {spec_of(host, "s1", "new")}, {}, [] {}, hours(1));
  });
  REQUIRE(host.plugins.wait_stops(1));
  auto stopping = std::async(std::launch::async,
                             [&] { host.dispatcher->stop(host.clock.mono_now() + kLimit); });
  REQUIRE(host.plugins.wait_stops(2));
  host.plugins.settle_held(Outcome::kDelivered);
  stopping.get();
  CHECK(change.get().ok());
  CHECK(host.store.state().subscribers.at(1).cursor == 1);
  CHECK_FALSE(host.dispatcher
                  ->reconfigure(
                      {}, {}, [] {}, seconds(1))
                  .ok());
}

TEST_CASE("a policy alone changes without another instance, and nothing in flight notices",
          "[delivery][reconfigure]") {
  DispatcherFixture host;
  host.policy.concurrency = 8;
  host.plugins.answer([](const SeenAttempt&) { return std::nullopt; });
  host.start();
  host.store.commit_many(3);
  REQUIRE(host.plugins.wait_attempts(3));
  host.policy.concurrency = 4;
  host.policy.retry.max_attempts = 2;
  const auto changed = host.dispatcher->reconfigure(
      {spec_of(host, "s1", "")}, {}, [] {}, seconds(30));
  REQUIRE(changed);
  CHECK(changed->same_instance == std::vector<std::string>{"s1"});
  CHECK(host.plugins.created() == 1);
  host.store.commit_many(5);
  REQUIRE(host.plugins.wait_attempts(4));
  CHECK(host.dispatcher->stats()[0].in_flight == 4);
  host.plugins.answer([](const SeenAttempt&) { return Outcome::kDelivered; });
  host.plugins.settle_held(Outcome::kDelivered);
  REQUIRE(host.wait_cursor(1, 8));
  CHECK(host.plugins.seen().size() == 8);

  host.policy.concurrency = 16;  // more than the instance was offered
  REQUIRE(host.dispatcher->reconfigure(
      {spec_of(host, "s1", "")}, {}, [] {}, seconds(30)));
  CHECK(host.plugins.created() == 2);
}

TEST_CASE("an instance that fails before it takes its place is started again",
          "[delivery][reconfigure]") {
  ManualClock clock;
  DispatcherFixture host(clock);
  host.plugins.answer([](const SeenAttempt& attempt) -> std::optional<Outcome> {
    return attempt.config == "new" ? std::optional(Outcome::kDelivered) : std::nullopt;
  });
  host.start();
  host.store.commit_many(1);
  REQUIRE(host.plugins.wait_attempts(1));
  auto change = std::async(std::launch::async, [&] {
    return host.dispatcher->reconfigure(
        {spec_of(host, "s1", "new")}, {}, [] {}, seconds(30));
  });
  REQUIRE(host.plugins.wait_stops(1));
  host.plugins.fail("s1");  // the one that waits for the other to finish
  host.store.commit_many(1);
  host.plugins.settle_held(Outcome::kDelivered);
  REQUIRE(change.get());
  CHECK(host.dispatcher->stats()[0].state == "failed");
  REQUIRE(host.advance_until_attempts(clock, 2));
  REQUIRE(advance_until_cursor(host, clock, 1, 2));
  CHECK(tries(host, "s1").at({"new", 2}) == 1);
}

TEST_CASE("what is routed to a removed subscriber while it drains waits for it",
          "[delivery][reconfigure]") {
  DispatcherFixture host;
  host.plugins.answer([](const SeenAttempt& attempt) -> std::optional<Outcome> {
    return attempt.subscriber == "s1" || attempt.config == "again"
               ? std::optional(Outcome::kDelivered)
               : std::nullopt;
  });
  host.start(2);
  host.store.commit({1, 2});
  REQUIRE(host.plugins.wait_attempts(2));
  auto change = std::async(std::launch::async, [&] {
    return host.dispatcher->reconfigure(
        {}, {"s2"}, [] {}, seconds(30));
  });
  REQUIRE(host.plugins.wait_stops(1));
  host.store.commit({1, 2});  // by a request that began before the routes were switched
  host.store.commit({1});
  REQUIRE(host.wait_cursor(1, 3));
  CHECK(host.dispatcher->is_leaving("s2"));
  const auto early = host.dispatcher->reconfigure(
      {spec_of(host, "s2", "again")}, {}, [] {}, seconds(30));
  REQUIRE_FALSE(early.ok());
  CHECK(early.error().code == ErrorCode::kConflict);
  CHECK(early.error().pointer == "/s2");
  host.plugins.settle_held(Outcome::kDelivered);
  REQUIRE(change.get());
  CHECK_FALSE(host.dispatcher->is_leaving("s2"));
  REQUIRE(host.dispatcher->reconfigure(
      {spec_of(host, "s2", "again")}, {}, [] {}, seconds(30)));
  REQUIRE(host.wait_cursor(2, 2));
  CHECK(tries(host, "s2") ==
        std::map<std::pair<std::string, events::Seq>, int>{{{"", 1}, 1}, {{"again", 2}, 1}});
}

TEST_CASE("a change need not wait for the one before it", "[delivery][reconfigure]") {
  DispatcherFixture host;
  host.plugins.answer([](const SeenAttempt& attempt) -> std::optional<Outcome> {
    return attempt.config == "third" ? std::optional(Outcome::kDelivered) : std::nullopt;
  });
  host.start();
  host.store.commit_many(2);
  REQUIRE(host.plugins.wait_attempts(2));
  for (const char* config : {"second", "third"}) {
    const auto changed = host.dispatcher->reconfigure(
        {spec_of(host, "s1", config)}, {}, [] {}, seconds(0));
    REQUIRE(changed);
    CHECK(changed->still_draining == std::vector<std::string>{"s1"});
  }
  host.store.commit_many(1);
  host.plugins.settle_held(Outcome::kDelivered);
  REQUIRE(host.wait_cursor(1, 3));
  CHECK(tries(host, "s1") == std::map<std::pair<std::string, events::Seq>, int>{
                                 {{"", 1}, 1}, {{"", 2}, 1}, {{"third", 3}, 1}});
}

TEST_CASE("a reconfiguration that waits for a plugin can be interrupted",
          "[delivery][reconfigure]") {
  DispatcherFixture host;
  host.start();
  host.plugins.hold_starts();
  bool switched = false;
  auto change = std::async(std::launch::async, [&] {
    return host.dispatcher->reconfigure(
        {spec_of(host, "s2", "new")}, {}, [&] { switched = true; }, seconds(30));
  });
  REQUIRE(host.plugins.wait_created(2));
  host.dispatcher->interrupt();
  const auto refused = change.get();
  REQUIRE_FALSE(refused.ok());
  CHECK(refused.error().code == ErrorCode::kConflict);
  CHECK_THAT(refused.error().message, Catch::Contains("stopping"));
  CHECK_FALSE(switched);
  CHECK(names(host) == std::set<std::string>{"s1"});
  host.store.commit_many(1);
  REQUIRE(host.wait_cursor(1, 1));
}

TEST_CASE("an interrupted reconfiguration waits for no drain", "[delivery][reconfigure]") {
  DispatcherFixture host;
  host.plugins.answer([](const SeenAttempt&) { return std::nullopt; });
  host.start();
  host.store.commit_many(1);
  REQUIRE(host.plugins.wait_attempts(1));
  auto change = std::async(std::launch::async, [&] {
    return host.dispatcher->reconfigure(
        {spec_of(host, "s1", "new")}, {}, [] {}, hours(1));
  });
  REQUIRE(host.plugins.wait_stops(1));
  host.dispatcher->interrupt();
  CHECK(change.get().ok());
  host.plugins.settle_held(Outcome::kDelivered);
  REQUIRE(host.wait_cursor(1, 1));
}

TEST_CASE("breakers, pauses and retries of others outlive a reconfiguration",
          "[delivery][reconfigure]") {
  ManualClock clock;
  DispatcherFixture host(clock);
  host.policy.circuit_breaker = {1, hours(1)};
  host.plugins.answer([](const SeenAttempt& attempt) {
    return attempt.subscriber == "s1" ? Outcome::kRetry : Outcome::kDelivered;
  });
  host.start(3);
  REQUIRE(host.dispatcher->pause("s3", "maintenance"));
  host.store.commit({1, 2, 3});
  REQUIRE(host.plugins.wait_attempts(2));
  REQUIRE(host.store.wait([](const FakeStoreState& state) { return state.rows.size() == 1; }));
  const auto before = host.store.state().rows;
  REQUIRE(host.dispatcher->reconfigure(
      {spec_of(host, "s2", "new"), spec_of(host, "s4", "new")}, {}, [] {}, seconds(30)));
  const auto stats = host.dispatcher->stats();
  REQUIRE(stats.size() == 4);
  CHECK(stats[0].state == "breaker_open");
  CHECK(stats[0].waiting_retry == 1);
  CHECK(stats[2].state == "paused");
  CHECK(host.store.state().rows.begin()->second.next_at_unix_ns ==
        before.begin()->second.next_at_unix_ns);
  CHECK(host.plugins.created() == 5);
}

TEST_CASE("a replay goes on where it was when its subscriber is back", "[delivery][reconfigure]") {
  DispatcherFixture host;
  host.start();
  host.store.commit_many(600);
  REQUIRE(host.wait_cursor(1, 600));
  host.store.hold_scans(true);
  ReplayRequest request;
  request.subscriber = "s1";
  REQUIRE(host.dispatcher->replay(request));
  REQUIRE(host.dispatcher->reconfigure(
      {}, {"s1"}, [] {}, seconds(30)));
  host.store.hold_scans(false);
  REQUIRE(host.dispatcher->reconfigure(
      {spec_of(host, "s1", "again")}, {}, [] {}, seconds(30)));
  REQUIRE(host.plugins.wait_attempts(1200));
  REQUIRE(host.store.wait([](const FakeStoreState& state) {
    return state.rows.empty() && state.replays.size() == 1 && state.replays.begin()->second.done;
  }));
  for (const auto& [config_and_seq, times] : tries(host, "s1")) {
    CHECK(times == 1);
  }
}

TEST_CASE("an instance may be started again while others come", "[delivery][reconfigure]") {
  ManualClock clock;
  DispatcherFixture host(clock);
  host.start();
  for (int turn = 0; turn < 20; ++turn) {
    const std::size_t before = host.plugins.created();
    host.plugins.fail("s1");
    static_cast<void>(host.dispatcher->stats());  // it has heard of that
    clock.advance(std::chrono::minutes(2));
    REQUIRE(host.dispatcher->reconfigure(
        {spec_of(host, "s" + std::to_string(turn + 2), "new")}, {}, [] {}, seconds(30)));
    REQUIRE(host.plugins.wait_created(before + 2));
    const auto deadline = std::chrono::steady_clock::now() + kLimit;
    while (host.dispatcher->stats()[0].state != "running") {
      REQUIRE(std::chrono::steady_clock::now() < deadline);
    }
  }
  host.store.commit_many(1);
  REQUIRE(advance_until_cursor(host, clock, 1, 1));
}

}  // namespace aev::delivery::testing
