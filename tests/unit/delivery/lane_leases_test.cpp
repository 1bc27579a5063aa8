#include <catch2/catch.hpp>

#include "lane_harness.h"

namespace aev::delivery::testing {
namespace {

using loader::Outcome;
using std::chrono::milliseconds;
using std::chrono::seconds;
using Seqs = std::vector<events::Seq>;

config::DeliveryPolicy batched_policy() {
  auto policy = plain_policy();
  policy.batch = config::BatchPolicy{3, 1u << 20, milliseconds(500)};
  policy.concurrency = 2;
  return policy;
}

config::DeliveryPolicy breaking_policy() {
  auto policy = plain_policy();
  policy.circuit_breaker = {2, seconds(30)};
  policy.concurrency = 2;
  return policy;
}

}  // namespace

TEST_CASE("nothing is leased before the plugin has started", "[delivery][lane]") {
  LaneHarness lane;
  lane.go_live();
  lane.commit(1, 1);
  CHECK(lane.step().empty());
  CHECK(lane.stats().state == "starting");
  lane.start_plugin();
  CHECK(lane.step_seqs() == Seqs{1});
  CHECK(lane.stats().state == "running");
}

TEST_CASE("many events go in one lease, up to the concurrency", "[delivery][lane]") {
  LaneHarness lane;
  lane.run();
  lane.commit(1, 20);
  const loader::Lease first = lane.step_one();
  CHECK(seqs_of(first) == Seqs{1, 2, 3, 4, 5, 6, 7, 8});
  CHECK(first.deadline == lane.clock.mono_now() + seconds(30));
  CHECK(lane.step().empty());
  CHECK(lane.stats().in_flight == 8);

  lane.settle(part(first, 2, 3, Outcome::kDelivered));
  CHECK(lane.step_seqs() == Seqs{9, 10, 11});
}

TEST_CASE("the plugin's own limits are kept", "[delivery][lane]") {
  LaneHarness lane;
  lane.go_live();
  loader::Limits limits = lane.lane->offered_limits();
  limits.max_batch_events = 2;
  limits.max_in_flight_batches = 3;
  lane.lane->instance_started(limits);
  lane.commit(1, 20);
  const auto leases = lane.step();
  REQUIRE(leases.size() == 3);
  CHECK(seqs_of(leases[0]) == Seqs{1, 2});
  CHECK(seqs_of(leases[2]) == Seqs{5, 6});
  lane.settle(leases[1], Outcome::kDelivered);
  CHECK(lane.step_seqs() == Seqs{7, 8});
}

TEST_CASE("bytes in flight are bounded, but an event larger than the bound still goes",
          "[delivery][lane]") {
  LaneHarness lane;
  lane.go_live();
  loader::Limits limits = lane.lane->offered_limits();
  limits.max_in_flight_bytes = 1024;
  lane.lane->instance_started(limits);
  EventPlan large;
  large.seq = 1;
  large.data = std::string(5000, 'x');
  lane.commit({made(large)});
  lane.commit(2, 2);
  const loader::Lease first = lane.step_one();
  CHECK(seqs_of(first) == Seqs{1});
  lane.settle(first, Outcome::kDelivered);
  CHECK(lane.step_seqs() == Seqs{2});
}

TEST_CASE("what is offered to the plugin follows the policy", "[delivery][lane]") {
  const LaneHarness batched(batched_policy());
  CHECK(batched.lane->offered_limits().batched);
  CHECK(batched.lane->offered_limits().max_batch_events == 3);
  CHECK(batched.lane->offered_limits().max_in_flight_batches == 2);
  const LaneHarness single;
  CHECK_FALSE(single.lane->offered_limits().batched);
  CHECK(single.lane->offered_limits().max_batch_events == 8);
}

TEST_CASE("a batch leaves when it is full", "[delivery][lane]") {
  LaneHarness lane(batched_policy());
  lane.run();
  lane.commit(1, 2);
  CHECK(lane.step().empty());
  lane.commit(3, 4);
  CHECK(seqs_of(lane.step_one()) == Seqs{1, 2, 3});
}

TEST_CASE("a batch leaves when its oldest event has waited long enough", "[delivery][lane]") {
  LaneHarness lane(batched_policy());
  lane.run();
  lane.commit(1, 1);
  CHECK(lane.step().empty());
  lane.clock.advance(milliseconds(300));
  lane.commit(2, 2);
  CHECK(lane.step().empty());
  CHECK(lane.lane->next_step() == lane.clock.mono_now() + milliseconds(200));
  lane.clock.advance(milliseconds(200));
  CHECK(seqs_of(lane.step_one()) == Seqs{1, 2});
}

TEST_CASE("a batch leaves when its bytes are reached", "[delivery][lane]") {
  auto policy = batched_policy();
  policy.batch->max_bytes = 2000;
  LaneHarness lane(policy);
  lane.run();
  EventPlan large;
  large.data = std::string(1500, 'x');
  large.seq = 1;
  lane.commit({made(large)});
  CHECK(lane.step().empty());
  large.seq = 2;
  lane.commit({made(large)});
  CHECK(lane.step_seqs() == Seqs{1});
}

TEST_CASE("with batches the concurrency counts batches", "[delivery][lane]") {
  LaneHarness lane(batched_policy());
  lane.run();
  lane.commit(1, 9);
  const auto leases = lane.step();
  REQUIRE(leases.size() == 2);
  lane.settle(part(leases[0], 0, 2, Outcome::kDelivered));
  CHECK(lane.step().empty());
  lane.settle(part(leases[0], 2, 1, Outcome::kDelivered));
  CHECK(seqs_of(lane.step_one()) == Seqs{7, 8, 9});
}

TEST_CASE("an expired lease is a failed attempt, and its late settlement is ignored",
          "[delivery][lane]") {
  LaneHarness lane;
  lane.run();
  lane.commit(1, 2);
  const loader::Lease lease = lane.step_one();
  lane.settle(part(lease, 0, 1, Outcome::kDelivered));
  lane.clock.advance(seconds(31));
  lane.step();
  CHECK(lane.stats().in_flight == 1);  // the plugin's own word may still come
  lane.clock.advance(seconds(10));
  lane.step();
  CHECK(lane.stats().in_flight == 0);
  const auto changes = lane.take_changes();
  REQUIRE(changes.upsert_retries.size() == 1);
  CHECK(changes.upsert_retries[0].seq == 2);
  CHECK(changes.upsert_retries[0].attempts == 1);
  CHECK_FALSE(changes.upsert_retries[0].last_error.empty());

  lane.settle(lease, Outcome::kDelivered);
  CHECK(lane.stats().delivered == 1);
  CHECK(lane.take_changes().empty());
  lane.clock.advance(seconds(1));
  const loader::Lease again = lane.step_one();
  CHECK(seqs_of(again) == Seqs{2});
  CHECK(again.events[0].attempt == 2);
}

TEST_CASE("events that a plugin does not accept come back without an attempt", "[delivery][lane]") {
  LaneHarness lane;
  lane.run();
  lane.commit(1, 4);
  const loader::Lease lease = lane.step_one();
  lane.lane->accepted(lease.batch_id, 1, false);
  CHECK(lane.stats().in_flight == 1);
  const loader::Lease again = lane.step_one();
  CHECK(seqs_of(again) == Seqs{2, 3, 4});
  CHECK(again.events[0].attempt == 1);
  lane.settle(lease, Outcome::kDelivered);
  CHECK(lane.stats().delivered == 1);
}

TEST_CASE("a busy plugin is left alone until it is ready or a second has passed",
          "[delivery][lane]") {
  LaneHarness lane;
  lane.run();
  lane.commit(1, 1);
  lane.lane->accepted(lane.step_one().batch_id, 0, true);
  CHECK(lane.step().empty());
  lane.lane->ready();
  lane.lane->accepted(lane.step_one().batch_id, 0, true);
  CHECK(lane.step().empty());
  lane.clock.advance(seconds(1));
  CHECK(lane.step_seqs() == Seqs{1});
}

TEST_CASE("a rate limit spreads events over time", "[delivery][lane]") {
  auto policy = plain_policy();
  policy.rate_limit.per_second = 4;
  LaneHarness lane(policy);
  lane.run();
  lane.commit(1, 20);
  const loader::Lease burst = lane.step_one();
  CHECK(seqs_of(burst) == Seqs{1, 2, 3, 4});
  lane.settle(burst, Outcome::kDelivered);
  CHECK(lane.step().empty());
  CHECK(lane.lane->next_step() > lane.clock.mono_now() + milliseconds(240));
  CHECK(lane.lane->next_step() < lane.clock.mono_now() + milliseconds(260));
  lane.clock.advance(milliseconds(510));
  CHECK(lane.step_seqs() == Seqs{5, 6});
}

TEST_CASE("an open breaker holds events back without burning attempts, then probes with one",
          "[delivery][lane]") {
  LaneHarness lane(breaking_policy());
  lane.run();
  lane.commit(1, 6);
  lane.settle(lane.step_one(), Outcome::kRetry);
  CHECK(lane.stats().state == "breaker_open");
  lane.clock.advance(seconds(29));
  CHECK(lane.step().empty());
  lane.clock.advance(seconds(1));
  CHECK(lane.stats().state == "half_open");
  const loader::Lease probe = lane.step_one();
  REQUIRE(probe.events.size() == 1);
  lane.settle(probe, Outcome::kDelivered);
  CHECK(lane.stats().state == "running");
  const loader::Lease after = lane.step_one();
  CHECK(after.events.size() == 2);
}

TEST_CASE("a failed probe opens the breaker again", "[delivery][lane]") {
  LaneHarness lane(breaking_policy());
  lane.run();
  lane.commit(1, 6);
  lane.settle(lane.step_one(), Outcome::kRetry);
  lane.clock.advance(seconds(30));
  lane.settle(lane.step_one(), Outcome::kRetry);
  CHECK(lane.stats().state == "breaker_open");
  CHECK(lane.step().empty());
  CHECK(lane.lane->next_step() <= lane.clock.mono_now() + seconds(30));
}

TEST_CASE("a paused lane leases nothing, and what is in flight still settles", "[delivery][lane]") {
  LaneHarness lane;
  lane.run();
  lane.commit(1, 1);
  const loader::Lease lease = lane.step_one();
  lane.lane->pause("maintenance");
  lane.commit(2, 2);
  CHECK(lane.step().empty());
  lane.settle(lease, Outcome::kDelivered);
  CHECK(lane.stats().delivered == 1);
  CHECK(lane.stats().state == "paused");
  CHECK(lane.stats().reason == "maintenance");
  const auto changes = lane.take_changes();
  REQUIRE(changes.statuses.size() == 1);
  CHECK(changes.statuses[0].status == store::SubscriberStatus::kPaused);
  CHECK(changes.statuses[0].reason == "maintenance");
  lane.lane->resume();
  CHECK(lane.step_seqs() == Seqs{2});
}

TEST_CASE("a pause lasts across a restart", "[delivery][lane]") {
  SubscriberSpec spec = spec_of(plain_policy());
  spec.record.status = store::SubscriberStatus::kPaused;
  spec.record.status_reason = "maintenance";
  LaneHarness lane(std::move(spec));
  lane.run();
  lane.commit(1, 1);
  CHECK(lane.step().empty());
  CHECK(lane.stats().state == "paused");
  lane.lane->resume();
  CHECK(lane.step_seqs() == Seqs{1});
}

TEST_CASE("a failed instance gives its events back and is started anew with a back-off",
          "[delivery][lane]") {
  LaneHarness lane;
  lane.run();
  lane.commit(1, 2);
  lane.step_one();
  const std::vector<int> waits = {1, 2, 4, 8, 16, 32, 60, 60};
  for (const int wait : waits) {
    lane.lane->instance_failed("it hangs");
    CHECK(lane.stats().state == "failed");
    CHECK(lane.stats().reason == "it hangs");
    CHECK(lane.stats().in_flight == 0);
    lane.clock.advance(seconds(wait) - milliseconds(1));
    CHECK_FALSE(lane.lane->wants_instance(lane.clock.mono_now()));
    lane.clock.advance(milliseconds(1));
    CHECK(lane.lane->wants_instance(lane.clock.mono_now()));
    lane.start_plugin();
  }
  CHECK(lane.stats().plugin_restarts == 8);
  const loader::Lease again = lane.step_one();
  CHECK(again.events.size() == 2);
  CHECK(again.events[0].attempt == 1);
}

TEST_CASE("a stopping lane leases nothing more", "[delivery][lane]") {
  LaneHarness lane;
  lane.run();
  lane.commit(1, 1);
  lane.lane->stop();
  CHECK(lane.step().empty());
  CHECK(lane.stats().state == "stopped");
  lane.lane->instance_failed("gone");
  lane.clock.advance(seconds(100));
  CHECK_FALSE(lane.lane->wants_instance(lane.clock.mono_now()));
}

}  // namespace aev::delivery::testing
