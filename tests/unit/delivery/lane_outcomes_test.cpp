#include <catch2/catch.hpp>

#include "lane_harness.h"

namespace aev::delivery::testing {
namespace {

using loader::Outcome;
using std::chrono::milliseconds;
using std::chrono::seconds;
using Seqs = std::vector<events::Seq>;

}  // namespace

TEST_CASE("delivered events move the cursor and are counted", "[delivery][lane]") {
  LaneHarness lane;
  lane.run();
  lane.commit(1, 3);
  lane.settle(lane.step_one(), Outcome::kDelivered);

  REQUIRE(lane.lane->checkpoint(false));
  const auto changes = lane.take_changes();
  REQUIRE(changes.cursors.size() == 1);
  CHECK(changes.cursors[0].cursor == 3);
  CHECK(changes.upsert_retries.empty());
  CHECK(changes.add_dead_letters.empty());
  CHECK(lane.stats().delivered == 3);
  CHECK(lane.stats().processed == 3);
  CHECK(lane.stats().lag == 0);
  CHECK(lane.stats().in_flight == 0);
}

TEST_CASE("skipped events are settled and counted as skipped", "[delivery][lane]") {
  LaneHarness lane;
  lane.run();
  lane.commit(1, 2);
  lane.settle(lane.step_one(), Outcome::kSkip);
  CHECK(lane.stats().skipped == 2);
  CHECK(lane.stats().delivered == 0);
  CHECK(lane.stats().cursor == 2);
}

TEST_CASE("each event of a lease has an outcome of its own", "[delivery][lane]") {
  LaneHarness lane;
  lane.run();
  lane.commit(1, 5);
  const loader::Lease lease = lane.step_one();
  lane.settle(part(lease, 0, 2, Outcome::kDelivered));
  lane.settle(part(lease, 2, 1, Outcome::kReject));
  lane.settle(part(lease, 3, 1, Outcome::kRetry));
  CHECK(lane.stats().in_flight == 1);
  lane.settle(part(lease, 4, 1, Outcome::kSkip));

  const auto changes = lane.take_changes();
  CHECK(lane.stats().delivered == 2);
  CHECK(lane.stats().skipped == 1);
  REQUIRE(changes.add_dead_letters.size() == 1);
  CHECK(changes.add_dead_letters[0].seq == 3);
  REQUIRE(changes.upsert_retries.size() == 1);
  CHECK(changes.upsert_retries[0].seq == 4);
  CHECK(lane.stats().cursor == 5);
}

TEST_CASE("a settlement that repeats or reaches beyond its lease changes nothing",
          "[delivery][lane]") {
  LaneHarness lane;
  lane.run();
  lane.commit(1, 2);
  const loader::Lease lease = lane.step_one();
  lane.settle(part(lease, 0, 1, Outcome::kDelivered));
  lane.settle(part(lease, 0, 1, Outcome::kReject));
  lane.settle(part(lease, 7, 4'000'000'000u, Outcome::kReject));
  loader::Settlement foreign = whole(lease, Outcome::kReject);
  foreign.batch_id += 1;
  lane.settle(foreign);
  CHECK(lane.stats().delivered == 1);
  CHECK(lane.stats().in_flight == 1);
  CHECK(lane.take_changes().add_dead_letters.empty());
}

TEST_CASE("a rejected event is a dead letter at once", "[delivery][lane]") {
  LaneHarness lane;
  lane.run();
  lane.commit(1, 1);
  loader::Settlement settlement = whole(lane.step_one(), Outcome::kReject);
  settlement.code = 422;
  settlement.reason = "no such customer";
  lane.settle(settlement);

  const auto changes = lane.take_changes();
  REQUIRE(changes.add_dead_letters.size() == 1);
  const store::DeadLetterRecord& dead = changes.add_dead_letters[0];
  CHECK(dead.subscriber == 1);
  CHECK(dead.seq == 1);
  CHECK(dead.reason == store::DeadReason::kRejected);
  CHECK(dead.attempts == 1);
  CHECK(dead.last_code == 422);
  CHECK(dead.last_error == "no such customer");
  CHECK(dead.dead_unix_ns == lane.clock.unix_now_ns());
  CHECK(dead.expires_unix_ns == dead.dead_unix_ns + Duration(std::chrono::hours(72)).count());
  REQUIRE(changes.max_dead_letters.size() == 1);
  CHECK(changes.max_dead_letters[0].second == 1'000'000);
  CHECK(lane.stats().dead_lettered == 1);
  CHECK(lane.stats().state == "running");
}

TEST_CASE("dead letters without retention never expire", "[delivery][lane]") {
  auto policy = plain_policy();
  policy.dead_letter.retention = Duration(0);
  policy.dead_letter.max_events = 0;
  LaneHarness lane(policy);
  lane.run();
  lane.commit(1, 1);
  lane.settle(lane.step_one(), Outcome::kReject);
  const auto changes = lane.take_changes();
  REQUIRE(changes.add_dead_letters.size() == 1);
  CHECK(changes.add_dead_letters[0].expires_unix_ns == 0);
  CHECK(changes.max_dead_letters.empty());
}

TEST_CASE("a failed attempt is tried again after its back-off, and its row goes when delivered",
          "[delivery][lane]") {
  LaneHarness lane;
  lane.run();
  lane.commit(1, 1);
  lane.settle(lane.step_one(), Outcome::kRetry);
  const auto failed = lane.take_changes();
  REQUIRE(failed.upsert_retries.size() == 1);
  CHECK(failed.upsert_retries[0].attempts == 1);
  CHECK(failed.upsert_retries[0].next_at_unix_ns ==
        lane.clock.unix_now_ns() + Duration(seconds(1)).count());
  CHECK(lane.step().empty());
  CHECK(lane.lane->next_step() == lane.clock.mono_now() + seconds(1));

  lane.clock.advance(seconds(1));
  const loader::Lease again = lane.step_one();
  CHECK(again.events[0].attempt == 2);
  lane.settle(again, Outcome::kDelivered);
  const auto delivered = lane.take_changes();
  REQUIRE(delivered.delete_retries.size() == 1);
  CHECK(delivered.delete_retries[0].seq == 1);
  CHECK(lane.stats().retried == 1);
  CHECK(lane.stats().failed == 1);
}

TEST_CASE("the cursor passes an event only with or after its retry row", "[delivery][lane]") {
  LaneHarness lane;
  lane.run();
  lane.commit(1, 1);
  const loader::Lease lease = lane.step_one();
  lane.clock.advance(seconds(2));
  lane.lane->checkpoint(true);
  for (const auto& cursor : lane.take_changes().cursors) {
    CHECK(cursor.cursor == 0);
  }
  lane.settle(lease, Outcome::kRetry);
  lane.lane->checkpoint(false);
  const auto changes = lane.take_changes();
  REQUIRE(changes.cursors.size() == 1);
  CHECK(changes.cursors[0].cursor == 1);
  CHECK(changes.upsert_retries.size() == 1);
}

TEST_CASE("attempts used up make a dead letter", "[delivery][lane]") {
  LaneHarness lane;
  lane.run();
  lane.commit(1, 1);
  const std::vector<Duration> waits = {seconds(1), seconds(2), seconds(4)};
  for (const Duration wait : waits) {
    lane.settle(lane.step_one(), Outcome::kRetry);
    lane.clock.advance(wait - milliseconds(1));
    REQUIRE(lane.step().empty());
    lane.clock.advance(milliseconds(1));
  }
  lane.take_changes();
  lane.settle(lane.step_one(), Outcome::kRetry);
  const auto changes = lane.take_changes();
  REQUIRE(changes.add_dead_letters.size() == 1);
  CHECK(changes.add_dead_letters[0].reason == store::DeadReason::kExhausted);
  CHECK(changes.add_dead_letters[0].attempts == 4);
  CHECK(changes.delete_retries.size() == 1);
  CHECK(changes.upsert_retries.empty());
}

TEST_CASE("an event whose next attempt would come too late expires", "[delivery][lane]") {
  auto policy = plain_policy();
  policy.retry.max_elapsed = seconds(2);
  LaneHarness lane(policy);
  lane.run();
  lane.commit(1, 1);
  lane.settle(lane.step_one(), Outcome::kRetry);
  lane.clock.advance(seconds(1));
  lane.take_changes();
  lane.settle(lane.step_one(), Outcome::kRetry);
  const auto changes = lane.take_changes();
  REQUIRE(changes.add_dead_letters.size() == 1);
  CHECK(changes.add_dead_letters[0].reason == store::DeadReason::kExpired);
  CHECK(changes.add_dead_letters[0].attempts == 2);
}

TEST_CASE("faults of the plugin end as such", "[delivery][lane]") {
  auto policy = plain_policy();
  policy.retry.max_attempts = 1;
  LaneHarness lane(policy);
  lane.run();
  lane.commit(1, 1);
  loader::Settlement settlement = whole(lane.step_one(), Outcome::kRetry);
  settlement.plugin_fault = true;
  lane.settle(settlement);
  const auto changes = lane.take_changes();
  REQUIRE(changes.add_dead_letters.size() == 1);
  CHECK(changes.add_dead_letters[0].reason == store::DeadReason::kPluginFault);
}

TEST_CASE("a hint lengthens the back-off, up to the longest interval", "[delivery][lane]") {
  LaneHarness lane;
  lane.run();
  lane.commit(1, 2);
  const loader::Lease lease = lane.step_one();
  loader::Settlement settlement = part(lease, 0, 1, Outcome::kRetry);
  settlement.retry_after = seconds(30);
  lane.settle(settlement);
  settlement.first = 1;
  settlement.retry_after = std::chrono::hours(5);
  lane.settle(settlement);
  const auto changes = lane.take_changes();
  REQUIRE(changes.upsert_retries.size() == 2);
  const std::int64_t now = lane.clock.unix_now_ns();
  CHECK(changes.upsert_retries[0].next_at_unix_ns == now + Duration(seconds(30)).count());
  CHECK(changes.upsert_retries[1].next_at_unix_ns == now + Duration(seconds(60)).count());
}

TEST_CASE("throttling pauses the whole lane and counts as an attempt", "[delivery][lane]") {
  LaneHarness lane;
  lane.run();
  lane.commit(1, 1);
  loader::Settlement settlement = whole(lane.step_one(), Outcome::kRetry);
  settlement.throttle = true;
  settlement.retry_after = seconds(10);
  lane.settle(settlement);
  lane.commit(2, 2);
  CHECK(lane.step().empty());
  CHECK(lane.stats().state == "throttled");
  const auto changes = lane.take_changes();
  REQUIRE(changes.upsert_retries.size() == 1);
  CHECK(changes.upsert_retries[0].attempts == 1);

  lane.clock.advance(seconds(10) - milliseconds(1));
  CHECK(lane.step().empty());
  lane.clock.advance(milliseconds(1));
  CHECK(lane.step_seqs() == Seqs{1, 2});
}

TEST_CASE("an endless throttle is cut to the longest interval", "[delivery][lane]") {
  LaneHarness lane;
  lane.run();
  lane.commit(1, 1);
  loader::Settlement settlement = whole(lane.step_one(), Outcome::kRetry);
  settlement.throttle = true;
  settlement.retry_after = std::chrono::hours(1000);
  lane.settle(settlement);
  lane.clock.advance(seconds(60));
  CHECK(lane.step_seqs() == Seqs{1});
}

TEST_CASE("a receiver that is not connected burns no attempts", "[delivery][lane]") {
  LaneHarness lane;
  lane.run();
  lane.commit(1, 1);
  const std::vector<int> waits = {1, 2, 4, 8, 16, 32, 60, 60};
  for (const int wait : waits) {
    lane.settle(lane.step_one(), Outcome::kNotConnected);
    CHECK(lane.stats().state == "not_connected");
    CHECK(lane.lane->next_step() == lane.clock.mono_now() + seconds(wait));
    CHECK(lane.step().empty());
    lane.clock.advance(seconds(wait));
  }
  const loader::Lease lease = lane.step_one();
  CHECK(lease.events[0].attempt == 1);
  lane.settle(lease, Outcome::kDelivered);
  CHECK(lane.stats().failed == 0);
  CHECK(lane.take_changes().upsert_retries.empty());

  lane.commit(2, 2);
  lane.settle(lane.step_one(), Outcome::kNotConnected);
  CHECK(lane.lane->next_step() == lane.clock.mono_now() + seconds(1));
}

TEST_CASE("a plugin that is ready again ends the wait for its connection", "[delivery][lane]") {
  LaneHarness lane;
  lane.run();
  lane.commit(1, 1);
  lane.settle(lane.step_one(), Outcome::kNotConnected);
  CHECK(lane.step().empty());
  lane.lane->ready();
  CHECK(lane.step_seqs() == Seqs{1});
}

TEST_CASE("an endpoint that is gone disables its subscriber until resumed", "[delivery][lane]") {
  LaneHarness lane;
  lane.run();
  lane.commit(1, 1);
  loader::Settlement settlement = whole(lane.step_one(), Outcome::kReject);
  settlement.disable = true;
  settlement.code = 410;
  settlement.reason = "HTTP 410";
  lane.settle(settlement);
  const auto changes = lane.take_changes();
  REQUIRE(changes.add_dead_letters.size() == 1);
  CHECK(changes.add_dead_letters[0].reason == store::DeadReason::kDisabled);
  REQUIRE(changes.statuses.size() == 1);
  CHECK(changes.statuses[0].status == store::SubscriberStatus::kDisabled);
  CHECK(changes.statuses[0].reason == "HTTP 410");
  CHECK(lane.stats().state == "disabled");

  lane.commit(2, 2);
  lane.clock.advance(std::chrono::hours(10));
  CHECK(lane.step().empty());
  lane.lane->resume();
  CHECK(lane.step_seqs() == Seqs{2});
  const auto resumed = lane.take_changes();
  REQUIRE(resumed.statuses.size() == 1);
  CHECK(resumed.statuses[0].status == store::SubscriberStatus::kRunning);
}

TEST_CASE("the attempt log keeps what the policy asks for", "[delivery][lane]") {
  auto policy = plain_policy();
  policy.attempt_log =
      GENERATE(config::AttemptLog::kNone, config::AttemptLog::kFailures, config::AttemptLog::kAll);
  LaneHarness lane(policy);
  lane.run();
  lane.commit(1, 2);
  const loader::Lease lease = lane.step_one();
  lane.clock.advance(milliseconds(250));
  lane.settle(part(lease, 0, 1, Outcome::kDelivered));
  loader::Settlement failure = part(lease, 1, 1, Outcome::kRetry);
  failure.code = 503;
  failure.reason = "overloaded";
  lane.settle(failure);

  const auto attempts = lane.take_changes().attempts;
  REQUIRE(attempts.size() == static_cast<std::size_t>(policy.attempt_log));
  if (!attempts.empty()) {
    CHECK(attempts.back().seq == 2);
    CHECK(attempts.back().attempt == 1);
    CHECK(attempts.back().code == 503);
    CHECK(attempts.back().error == "overloaded");
    CHECK(attempts.back().duration_ns == Duration(milliseconds(250)).count());
  }
}

TEST_CASE("metrics tell deliveries, failures and dead letters apart", "[delivery][lane]") {
  LaneHarness lane;
  lane.run();
  lane.commit(1, 3);
  const loader::Lease lease = lane.step_one();
  lane.settle(part(lease, 0, 1, Outcome::kDelivered));
  lane.settle(part(lease, 1, 1, Outcome::kRetry));
  lane.settle(part(lease, 2, 1, Outcome::kReject));
  const std::string text = lane.metrics.expose();
  CHECK_THAT(text, Catch::Contains("aragora_events_dispatched_total{event_type=\"vote\"} 1\n"));
  CHECK_THAT(text, Catch::Contains("aragora_events_failed_total{event_type=\"vote\"} 2\n"));
  CHECK_THAT(
      text,
      Catch::Contains("aragora_dlq_added_total{reason=\"rejected\",subscriber=\"crm\"} 1\n") ||
          Catch::Contains("aragora_dlq_added_total{subscriber=\"crm\",reason=\"rejected\"} 1\n"));
}

}  // namespace aev::delivery::testing
