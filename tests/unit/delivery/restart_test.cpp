#include <algorithm>
#include <random>
#include <set>

#include <catch2/catch.hpp>

#include "dispatcher_fixture.h"

namespace aev::delivery::testing {
namespace {

using loader::Outcome;

/// True if the store says that subscriber 1 is owed nothing from the log for `seq`.
bool is_settled(const FakeStoreState& state, events::Seq seq) {
  const store::SubscriberRecord& record = state.subscribers.at(1);
  return seq <= record.cursor ||
         std::any_of(record.settled.begin(), record.settled.end(),
                     [&](const auto& range) { return range.first <= seq && seq <= range.last; });
}

}  // namespace

TEST_CASE("a clean stop repeats nothing", "[delivery][restart]") {
  DispatcherFixture host;
  host.start();
  host.store.commit_many(100);
  REQUIRE(host.plugins.wait_attempts(100));
  host.stop();
  host.start();
  host.store.commit_many(1);
  REQUIRE(host.wait_cursor(1, 101));
  CHECK(host.plugins.seen().size() == 101);
}

TEST_CASE("what was not settled when the host died is delivered after it", "[delivery][restart]") {
  DispatcherFixture host;
  host.policy.concurrency = 1000;
  host.plugins.answer([](const SeenAttempt& attempt) -> std::optional<Outcome> {
    if (attempt.seq % 3 == 0) {
      return std::nullopt;
    }
    return Outcome::kDelivered;
  });
  host.start();
  host.store.commit_many(60);
  REQUIRE(host.store.wait([](const FakeStoreState& state) { return is_settled(state, 59); }));
  host.crash();
  CHECK(host.store.state().subscribers.at(1).cursor == 2);

  host.plugins.answer([](const SeenAttempt&) { return Outcome::kDelivered; });
  host.start();
  REQUIRE(host.wait_cursor(1, 60));
  for (const auto& [seq, tries] : host.plugins.tries("s1")) {
    INFO("seq " << seq);
    CHECK(tries == (seq % 3 == 0 ? 2 : 1));
  }
}

TEST_CASE("retries go on after a restart with the attempts they had", "[delivery][restart]") {
  DispatcherFixture host;
  host.policy.retry.initial_interval = std::chrono::hours(1);
  host.policy.retry.max_interval = std::chrono::hours(1);
  host.policy.retry.max_attempts = 2;
  host.plugins.answer([](const SeenAttempt&) { return Outcome::kRetry; });
  host.start();
  host.store.commit_many(1);
  REQUIRE(host.store.wait([](const FakeStoreState& state) {
    return state.rows.size() == 1 && state.subscribers.at(1).cursor == 1;
  }));
  host.crash();

  // An operator makes it due at once.
  store::DeliveryChanges due;
  due.upsert_retries.push_back(host.store.state().rows.begin()->second);
  due.upsert_retries.back().next_at_unix_ns = 0;
  host.store.apply(std::move(due), {});
  host.start();
  REQUIRE(host.store.wait([](const FakeStoreState& state) { return state.dead.size() == 1; }));
  const FakeStoreState state = host.store.state();
  CHECK(state.dead[0].reason == store::DeadReason::kExhausted);
  CHECK(state.dead[0].attempts == 2);
  CHECK(state.rows.empty());
  CHECK(host.plugins.seen().back().attempt == 2);
}

TEST_CASE("a subscriber that an endpoint or operator stopped stays so after a restart",
          "[delivery][restart]") {
  DispatcherFixture host;
  host.start();
  REQUIRE(host.dispatcher->pause("s1", "maintenance").ok());
  host.stop();
  host.store.commit_many(3);
  host.start();
  CHECK(host.dispatcher->stats()[0].state == "paused");
  CHECK(host.dispatcher->stats()[0].reason == "maintenance");
  REQUIRE(host.dispatcher->resume("s1").ok());
  REQUIRE(host.wait_cursor(1, 3));
  CHECK(host.plugins.seen().size() == 3);
}

TEST_CASE("crashes at any moment lose nothing and repeat nothing that was saved",
          "[delivery][restart]") {
  const auto seed = GENERATE(range(0u, 6u));
  INFO("seed " << seed);
  std::mt19937 random(seed);
  DispatcherFixture host;
  host.options.checkpoint_interval = std::chrono::milliseconds(1);
  host.policy.concurrency = 1000;  // what is held for ever must not keep the rest from coming
  constexpr events::Seq kEvents = 400;
  for (events::Seq stored = 0; stored < kEvents; stored += 50) {
    host.plugins.answer([seed, stored](const SeenAttempt& attempt) -> std::optional<Outcome> {
      switch ((attempt.seq * 7 + attempt.attempt * 3 + seed + stored) % 5) {
        case 0:
          return std::nullopt;
        case 1:
          return Outcome::kRetry;
        default:
          return Outcome::kDelivered;
      }
    });
    const std::size_t seen_before = host.plugins.seen().size();
    const FakeStoreState saved = host.store.state();
    host.start();
    host.store.commit_many(50);
    REQUIRE(host.plugins.wait_attempts(seen_before + 1 + random() % 50));
    host.crash();
    const std::vector<SeenAttempt> seen = host.plugins.seen();
    for (std::size_t i = seen_before; i < seen.size(); ++i) {
      INFO("seq " << seen[i].seq);
      // Whatever was settled before the restart comes again only if a retry row says so.
      CHECK((saved.subscribers.empty() || !is_settled(saved, seen[i].seq) ||
             saved.rows.contains({1, seen[i].seq, 0})));
    }
  }
  host.plugins.answer([](const SeenAttempt&) { return Outcome::kDelivered; });
  const std::size_t seen_before = host.plugins.seen().size();
  const FakeStoreState saved = host.store.state();
  host.start();
  REQUIRE(host.wait_cursor(1, kEvents));
  REQUIRE(host.store.wait([](const FakeStoreState& state) { return state.rows.empty(); }));
  const std::vector<SeenAttempt> seen = host.plugins.seen();
  std::set<events::Seq> last_run;
  for (std::size_t i = seen_before; i < seen.size(); ++i) {
    last_run.insert(seen[i].seq);
  }
  for (events::Seq seq = 1; seq <= kEvents; ++seq) {
    INFO("seq " << seq);
    const bool owed = !is_settled(saved, seq) || saved.rows.contains({1, seq, 0});
    CHECK(last_run.contains(seq) == owed);
  }
}

}  // namespace aev::delivery::testing
