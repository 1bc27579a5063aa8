#include <algorithm>

#include <catch2/catch.hpp>

#include "delivery/replay_filter.h"
#include "dispatcher_fixture.h"
#include "made_events.h"

namespace aev::delivery::testing {
namespace {

using loader::Outcome;

std::vector<events::Seq> replayed(const std::vector<SeenAttempt>& seen) {
  std::vector<events::Seq> seqs;
  for (const SeenAttempt& attempt : seen) {
    if (attempt.replay) {
      seqs.push_back(attempt.seq);
    }
  }
  std::sort(seqs.begin(), seqs.end());
  return seqs;
}

bool replay_is_done(const FakeStoreState& state) {
  return !state.replays.empty() && state.replays.begin()->second.done && state.rows.empty();
}

Dispatcher::PatternCheck no_patterns() {
  return [](const std::string&) -> Result<std::function<bool(const events::Event&)>> {
    return Error{ErrorCode::kInvalid, "no patterns here", {}};
  };
}

}  // namespace

TEST_CASE("a replay sends the events of its filter again, marked as such", "[delivery][replay]") {
  DispatcherFixture host;
  host.start();
  host.store.commit({1}, "vote", "d1");
  host.store.commit({1}, "vote", "d2");
  host.store.commit({}, "vote", "d2");
  host.store.commit({1}, "round_start", "d2");
  REQUIRE(host.wait_cursor(1, 4));

  ReplayRequest request;
  request.subscriber = "s1";
  request.event_type = "vote";
  request.match_json = "d2";
  const auto id = host.dispatcher->replay(request);
  REQUIRE(id.ok());
  REQUIRE(host.store.wait(replay_is_done));
  CHECK(host.store.state().replays.begin()->first == *id);
  CHECK(host.store.state().replays.begin()->second.scheduled == 2);
  CHECK(replayed(host.plugins.seen()) == std::vector<events::Seq>{2, 3});
  CHECK(host.dispatcher->stats()[0].cursor == 4);
}

TEST_CASE("a replay ends at its limit", "[delivery][replay]") {
  DispatcherFixture host;
  host.start();
  host.store.commit_many(1000);
  REQUIRE(host.wait_cursor(1, 1000));
  ReplayRequest request;
  request.subscriber = "s1";
  request.limit = 300;
  REQUIRE(host.dispatcher->replay(request).ok());
  REQUIRE(host.store.wait(replay_is_done));
  CHECK(replayed(host.plugins.seen()).size() == 300);
}

TEST_CASE("a replay leaves alone what is committed after it was asked for", "[delivery][replay]") {
  DispatcherFixture host;
  host.start();
  host.store.commit_many(10);
  REQUIRE(host.wait_cursor(1, 10));
  host.plugins.answer([](const SeenAttempt& attempt) -> std::optional<Outcome> {
    if (attempt.replay) {
      return std::nullopt;
    }
    return Outcome::kDelivered;
  });
  ReplayRequest request;
  request.subscriber = "s1";
  host.store.hold_scans(true);
  REQUIRE(host.dispatcher->replay(request).ok());
  host.store.commit_many(10);
  host.store.hold_scans(false);
  REQUIRE(host.plugins.wait([](const auto& seen) { return replayed(seen).size() >= 10; }));
  REQUIRE(host.wait_cursor(1, 20));
  host.plugins.settle_held(Outcome::kDelivered);
  REQUIRE(host.store.wait(replay_is_done));
  CHECK(replayed(host.plugins.seen()).back() == 10);
}

TEST_CASE("a pattern that is wrong is refused before anything is replayed", "[delivery][replay]") {
  DispatcherFixture host;
  host.start();
  ReplayRequest request;
  request.subscriber = "s1";
  request.match_json = "broken";
  const auto refused = host.dispatcher->replay(request);
  REQUIRE_FALSE(refused.ok());
  CHECK(refused.error().code == ErrorCode::kInvalid);
  CHECK(host.store.state().replays.empty());
}

TEST_CASE("a replay goes on after a crash, and what it had sent stays sent", "[delivery][replay]") {
  DispatcherFixture host;
  host.start();
  host.store.commit_many(900);
  REQUIRE(host.wait_cursor(1, 900));
  host.plugins.answer([](const SeenAttempt& attempt) -> std::optional<Outcome> {
    if (attempt.seq > 100) {
      return std::nullopt;
    }
    return Outcome::kDelivered;
  });
  ReplayRequest request;
  request.subscriber = "s1";
  REQUIRE(host.dispatcher->replay(request).ok());
  REQUIRE(host.plugins.wait([](const auto& seen) { return replayed(seen).size() >= 110; }));
  host.crash();

  host.plugins.answer([](const SeenAttempt&) { return Outcome::kDelivered; });
  host.start();
  REQUIRE(host.store.wait(replay_is_done));
  CHECK(host.store.state().replays.begin()->second.scheduled == 900);
  auto seqs = replayed(host.plugins.seen());
  seqs.erase(std::unique(seqs.begin(), seqs.end()), seqs.end());
  CHECK(seqs.size() == 900);
}

TEST_CASE("a replay's rate spreads when its events are due", "[delivery][replay]") {
  ManualClock clock;
  DispatcherFixture host(clock);
  host.start();
  host.store.commit_many(5);
  REQUIRE(host.plugins.wait_attempts(5));
  ReplayRequest request;
  request.subscriber = "s1";
  request.per_second = 2;
  REQUIRE(host.dispatcher->replay(request).ok());
  REQUIRE(host.store.wait([](const FakeStoreState& state) {
    return !state.replays.empty() && state.replays.begin()->second.done;
  }));
  REQUIRE(host.plugins.wait_attempts(6));
  const FakeStoreState state = host.store.state();
  for (const auto& [key, row] : state.rows) {
    const auto place = static_cast<std::int64_t>(row.seq) - 1;
    CHECK(row.next_at_unix_ns ==
          clock.unix_now_ns() + place * Duration(std::chrono::milliseconds(500)).count());
  }
  CHECK(state.rows.size() >= 4);
}

TEST_CASE("a stored replay filter reads back as it was asked", "[delivery][replay]") {
  ReplayRequest request;
  request.event_type = "vote \"quoted\"";
  request.debate_id = "d1";
  request.since_unix_ns = 100;
  request.until_unix_ns = 200;
  request.limit = 7;
  const auto filter = decode_replay_filter(encode_replay_filter(request), no_patterns());
  REQUIRE(filter.ok());
  CHECK(filter->limit == 7);
  EventPlan plan;
  plan.event_type = request.event_type;
  plan.debate_id = "d1";
  plan.received_unix_ns = 100;
  CHECK(filter->matches(*made(plan).event));
  plan.received_unix_ns = 200;
  CHECK_FALSE(filter->matches(*made(plan).event));
  plan.received_unix_ns = 150;
  plan.debate_id = "d2";
  CHECK_FALSE(filter->matches(*made(plan).event));
  plan.debate_id = "d1";
  plan.event_type = "vote";
  CHECK_FALSE(filter->matches(*made(plan).event));
}

TEST_CASE("a damaged replay filter is an error", "[delivery][replay]") {
  const auto text = GENERATE(as<std::string>{}, "", "{", "[]", "{\"event_type\":\"vote\"}");
  const auto filter = decode_replay_filter(text, no_patterns());
  REQUIRE_FALSE(filter.ok());
  CHECK(filter.error().code == ErrorCode::kCorrupt);
}

}  // namespace aev::delivery::testing
