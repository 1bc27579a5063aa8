// How a lane takes another policy while it runs.

#include <catch2/catch.hpp>

#include "delivery/breaker.h"
#include "delivery/rate_bucket.h"
#include "lane_harness.h"

namespace aev::delivery::testing {
namespace {

using loader::Outcome;
using std::chrono::milliseconds;
using std::chrono::seconds;
using Seqs = std::vector<events::Seq>;

config::DeliveryPolicy policy_with(std::uint32_t concurrency, const std::string& order_by = {}) {
  auto policy = plain_policy();
  policy.concurrency = concurrency;
  policy.order_by = order_by;
  return policy;
}

config::DeliveryPolicy batched(std::uint32_t max_events, std::uint64_t max_bytes = 1u << 20) {
  auto policy = plain_policy();
  policy.batch = config::BatchPolicy{max_events, max_bytes, milliseconds(0)};
  return policy;
}

}  // namespace

TEST_CASE("an instance is kept for a policy that asks no more of it than it was offered",
          "[delivery][policy]") {
  LaneHarness lane(policy_with(8));
  lane.run();
  const auto keeps = [&](const SubscriberSpec& spec) { return lane.lane->keeps_instance(spec); };
  CHECK(keeps(spec_of(policy_with(8))));
  CHECK(keeps(spec_of(policy_with(3, "debate_id"))));
  CHECK_FALSE(keeps(spec_of(policy_with(9))));
  CHECK_FALSE(keeps(spec_of(batched(8))));
  auto slower = policy_with(8);
  slower.timeout += seconds(1);
  CHECK_FALSE(keeps(spec_of(slower)));
  auto patient = policy_with(8);
  patient.retry.max_attempts = 99;
  patient.rate_limit.per_second = 5;
  patient.circuit_breaker.failures = 3;
  patient.dead_letter.max_events = 7;
  CHECK(keeps(spec_of(patient)));

  auto other = spec_of(policy_with(8));
  other.config_json = R"({"url":"elsewhere"})";
  CHECK_FALSE(keeps(other));
  other = spec_of(policy_with(8));
  other.library = "/plugins/fake-2.so";
  CHECK_FALSE(keeps(other));

  // What it was offered once it may be given again.
  lane.lane->change_policy(policy_with(3));
  CHECK(keeps(spec_of(policy_with(8))));
  lane.lane->instance_failed("gone");
  CHECK(keeps(spec_of(policy_with(50))));  // the next one is offered what holds by then
}

TEST_CASE("other bounds count from the next lease on", "[delivery][policy]") {
  LaneHarness lane(policy_with(8));
  lane.run();
  lane.commit(1, 20);
  const loader::Lease first = lane.step_one();
  CHECK(first.events.size() == 8);
  lane.lane->change_policy(policy_with(2));
  CHECK(lane.step().empty());
  lane.settle(part(first, 0, 7, Outcome::kDelivered));
  CHECK(lane.step_seqs() == Seqs{9});  // one of the eight is still out
  lane.lane->change_policy(policy_with(4));
  CHECK(lane.step_seqs() == Seqs{10, 11});

  LaneHarness grouped(batched(10));
  grouped.run();
  grouped.lane->change_policy(batched(3));
  grouped.commit(1, 6);
  const auto leases = grouped.step();
  REQUIRE(leases.size() == 2);
  CHECK(seqs_of(leases[0]) == Seqs{1, 2, 3});
}

TEST_CASE("what is spent of a rate stays spent when the rate changes", "[delivery][policy]") {
  const MonoTime start = MonoTime(std::chrono::hours(1));
  RateBucket bucket(10, start);
  CHECK(bucket.allowed(100, start) == 10);
  bucket.take(10);
  bucket.change(20, start);
  CHECK(bucket.allowed(100, start) == 0);
  CHECK(bucket.allowed(100, start + seconds(1)) == 20);
  bucket.change(5, start + seconds(1));
  CHECK(bucket.allowed(100, start + seconds(1)) == 5);
  bucket.change(0, start + seconds(1));
  CHECK(bucket.allowed(100, start + seconds(1)) == 100);
  bucket.change(3, start + seconds(1));
  CHECK(bucket.allowed(100, start + seconds(1)) == 3);
}

TEST_CASE("an open breaker stays open through another policy, but not through none",
          "[delivery][policy]") {
  const MonoTime start = MonoTime(std::chrono::hours(1));
  Breaker breaker({2, seconds(30)});
  breaker.failed(start);
  breaker.change({3, seconds(60)});
  breaker.failed(start);
  CHECK(breaker.state(start) == Breaker::State::kClosed);
  breaker.failed(start);
  breaker.change({5, seconds(1)});
  CHECK(breaker.state(start + seconds(59)) == Breaker::State::kOpen);
  CHECK(breaker.state(start + seconds(60)) == Breaker::State::kHalfOpen);
  breaker.change({0, seconds(1)});
  CHECK(breaker.state(start) == Breaker::State::kClosed);
}

TEST_CASE("a new order counts once nothing is in flight under the old one", "[delivery][policy]") {
  LaneHarness lane(policy_with(2));
  lane.run();
  lane.commit(
      {made_in("a", 1), made_in("a", 2), made_in("a", 3), made_in("b", 4), made_in("a", 5)});
  const loader::Lease both = lane.step_one();
  CHECK(seqs_of(both) == Seqs{1, 2});
  lane.lane->change_policy(policy_with(2, "debate_id"));
  lane.settle(part(both, 0, 1, Outcome::kDelivered));
  CHECK(lane.step().empty());
  lane.settle(part(both, 1, 1, Outcome::kDelivered));
  const loader::Lease next = lane.step_one();
  CHECK(seqs_of(next) == Seqs{3, 4});
  CHECK(next.events[0].key == "a");
  lane.settle(next, Outcome::kDelivered);
  CHECK(lane.step_seqs() == Seqs{5});
}

TEST_CASE("a new order that is taken back before it counts changes nothing", "[delivery][policy]") {
  LaneHarness lane(policy_with(2));
  lane.run();
  lane.commit({made_in("a", 1), made_in("a", 2), made_in("a", 3)});
  const loader::Lease both = lane.step_one();
  lane.lane->change_policy(policy_with(2, "debate_id"));
  lane.lane->change_policy(policy_with(2));
  lane.settle(part(both, 0, 1, Outcome::kDelivered));
  CHECK(lane.step_seqs() == Seqs{3});
}

TEST_CASE("without an order what was held back goes", "[delivery][policy]") {
  LaneHarness lane(policy_with(8, "debate_id"));
  lane.run();
  lane.commit({made_in("a", 1), made_in("a", 2), made_in("a", 3), made_in("a", 4)});
  const loader::Lease first = lane.step_one();
  lane.settle(first, Outcome::kRetry);
  CHECK(lane.step().empty());
  lane.lane->change_policy(policy_with(8));
  const loader::Lease rest = lane.step_one();
  CHECK(seqs_of(rest) == Seqs{2, 3, 4});
  lane.clock.advance(seconds(1));
  const loader::Lease again = lane.step_one();  // no sooner than before
  CHECK(seqs_of(again) == Seqs{1});
  CHECK(again.events[0].attempt == 2);
}

TEST_CASE("under a new order a retrying event holds back its new key", "[delivery][policy]") {
  LaneHarness lane(policy_with(8));
  lane.run();
  lane.commit({made_in("a", 1), made_in("b", 2)});
  lane.settle(lane.step_one(), Outcome::kRetry);
  lane.lane->change_policy(policy_with(8, "debate_id"));
  CHECK(lane.step().empty());
  lane.commit({made_in("a", 3), made_in("c", 4)});
  CHECK(lane.step_seqs() == Seqs{4});
  lane.clock.advance(seconds(1));
  const loader::Lease again = lane.step_one();
  CHECK(again.events.size() == 2);
  lane.settle(again, Outcome::kDelivered);
  CHECK(lane.step_seqs() == Seqs{3});
}

TEST_CASE("another configuration is tried at once, whatever the old receiver asked for",
          "[delivery][policy]") {
  LaneHarness lane(policy_with(8));
  lane.run();
  lane.commit(1, 2);
  const loader::Lease lease = lane.step_one();
  loader::Settlement unreachable = whole(lease, Outcome::kNotConnected);
  lane.settle(unreachable);
  CHECK(lane.step().empty());
  CHECK(lane.stats().state == "not_connected");
  lane.lane->hand_over();
  auto spec = spec_of(policy_with(8));
  spec.config_json = R"({"url":"elsewhere"})";
  lane.lane->change_spec(spec);
  lane.lane->instance_started(lane.lane->offered_limits());
  CHECK(lane.step_one().events.size() == 2);
}

}  // namespace aev::delivery::testing
