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

}  // namespace aev::delivery::testing
