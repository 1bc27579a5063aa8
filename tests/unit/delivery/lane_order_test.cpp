#include <algorithm>
#include <map>
#include <random>

#include <catch2/catch.hpp>

#include "lane_harness.h"

namespace aev::delivery::testing {
namespace {

using loader::Outcome;
using std::chrono::seconds;
using Seqs = std::vector<events::Seq>;

config::DeliveryPolicy ordered_policy() {
  auto policy = plain_policy();
  policy.order_by = "debate_id";
  policy.concurrency = 16;
  return policy;
}

}  // namespace

TEST_CASE("one event of each key is in flight", "[delivery][order]") {
  LaneHarness lane(ordered_policy());
  lane.run();
  lane.commit({made_in("a", 1), made_in("a", 2), made_in("b", 3), made_in("b", 4)});
  const loader::Lease lease = lane.step_one();
  CHECK(seqs_of(lease) == Seqs{1, 3});
  CHECK(lease.events[0].key == "a");
  CHECK(lane.step().empty());
  lane.settle(part(lease, 1, 1, Outcome::kDelivered));
  CHECK(lane.step_seqs() == Seqs{4});
}

TEST_CASE("events without a key are not ordered", "[delivery][order]") {
  LaneHarness lane(ordered_policy());
  lane.run();
  lane.commit({made_in("", 1), made_in("", 2), made_in("a", 3)});
  CHECK(lane.step_seqs() == Seqs{1, 2, 3});
}

TEST_CASE("a retrying event holds back its key only", "[delivery][order]") {
  LaneHarness lane(ordered_policy());
  lane.run();
  lane.commit({made_in("a", 1), made_in("a", 2), made_in("b", 3)});
  const loader::Lease lease = lane.step_one();
  lane.settle(part(lease, 0, 1, Outcome::kRetry));
  lane.settle(part(lease, 1, 1, Outcome::kDelivered));
  lane.commit({made_in("b", 4), made_in("a", 5)});
  CHECK(lane.step_seqs() == Seqs{4});
  lane.clock.advance(seconds(1));
  const loader::Lease again = lane.step_one();
  CHECK(seqs_of(again) == Seqs{1});
  lane.settle(again, Outcome::kDelivered);
  const loader::Lease next = lane.step_one();
  CHECK(seqs_of(next) == Seqs{2});
  lane.settle(next, Outcome::kDelivered);
  CHECK(lane.step_seqs() == Seqs{5});
}

TEST_CASE("a dead letter lets its key go on", "[delivery][order]") {
  LaneHarness lane(ordered_policy());
  lane.run();
  lane.commit({made_in("a", 1), made_in("a", 2)});
  lane.settle(lane.step_one(), Outcome::kReject);
  CHECK(lane.step_seqs() == Seqs{2});
}

TEST_CASE("an event given back keeps its place before later ones of its key", "[delivery][order]") {
  LaneHarness lane(ordered_policy());
  lane.run();
  lane.commit({made_in("a", 1), made_in("a", 2)});
  const loader::Lease lease = lane.step_one();
  lane.lane->accepted(lease.batch_id, 0, false);
  CHECK(lane.step_seqs() == Seqs{1});
}

TEST_CASE("after a restart a waiting retry comes before later events of its key",
          "[delivery][order]") {
  LaneHarness lane(spec_of(ordered_policy(), 1));
  lane.start_plugin();
  CHECK_FALSE(lane.lane->wants_scan());
  store::RetryRecord row;
  row.subscriber = 1;
  row.seq = 1;
  row.attempts = 2;
  row.next_at_unix_ns = lane.clock.unix_now_ns() + Duration(seconds(5)).count();
  lane.lane->rows_requested();
  lane.lane->take_rows({row}, {made_in("a", 1)}, true);
  CHECK(lane.lane->wants_scan());
  store::Store::ScanPage page;
  page.events = {made_in("a", 2), made_in("b", 3)};
  page.scanned_to = 3;
  lane.lane->take_scan(page, 3);
  CHECK(lane.step_seqs() == Seqs{3});
  lane.clock.advance(seconds(5));
  const loader::Lease retried = lane.step_one();
  CHECK(seqs_of(retried) == Seqs{1});
  CHECK(retried.events[0].attempt == 3);
  lane.settle(retried, Outcome::kDelivered);
  CHECK(lane.step_seqs() == Seqs{2});
}

TEST_CASE("the key is the field that the policy names", "[delivery][order]") {
  const std::vector<events::Attribute> attributes = {{"agent", "\"claude\""}, {"round", "3"}};
  events::EventFields fields;
  fields.id = "e1";
  fields.event_type = "vote";
  fields.debate_id = "d1";
  fields.source = "api";
  fields.attributes = attributes;
  const events::EventRef event = events::Event::create(fields);
  CHECK(ordering_key(*event, "").empty());
  CHECK(ordering_key(*event, "debate_id") == "d1");
  CHECK(ordering_key(*event, "event_type") == "vote");
  CHECK(ordering_key(*event, "source") == "api");
  CHECK(ordering_key(*event, "agent") == "claude");
  CHECK(ordering_key(*event, "round") == "3");
  CHECK(ordering_key(*event, "absent").empty());
}

TEST_CASE("whatever fails, each key's events settle in order and one at a time",
          "[delivery][order]") {
  const auto seed = GENERATE(range(0u, 25u));
  INFO("seed " << seed);
  std::mt19937 random(seed);
  auto policy = ordered_policy();
  policy.retry.max_attempts = 100;
  policy.retry.max_elapsed = Duration(0);
  policy.concurrency = 6;
  LaneHarness lane(policy);
  lane.run();
  constexpr events::Seq kEvents = 300;
  const std::vector<std::string> keys = {"a", "b", "c", "d", "e"};
  std::map<std::string, Seqs> delivered;
  std::map<std::string, int> in_flight;
  std::vector<std::pair<loader::Lease, std::size_t>> open;
  events::Seq next = 1;
  std::size_t settled = 0;
  while (settled < kEvents) {
    const std::size_t burst = random() % 5;
    for (std::size_t i = 0; i < burst && next <= kEvents; ++i, ++next) {
      lane.commit({made_in(keys[random() % keys.size()], next)});
    }
    for (loader::Lease& lease : lane.step()) {
      for (std::size_t i = 0; i < lease.events.size(); ++i) {
        REQUIRE(++in_flight[std::string(lease.events[i].key)] == 1);
        open.emplace_back(lease, i);
      }
    }
    if (open.empty()) {
      lane.clock.advance(seconds(1));
      continue;
    }
    std::swap(open[random() % open.size()], open.back());
    const auto [lease, index] = open.back();
    open.pop_back();
    const std::string key(lease.events[index].key);
    --in_flight[key];
    const bool good = random() % 3 != 0;
    if (good) {
      delivered[key].push_back(lease.events[index].event->seq());
      ++settled;
    }
    lane.settle(part(lease, static_cast<std::uint32_t>(index), 1,
                     good ? Outcome::kDelivered : Outcome::kRetry));
  }
  for (const auto& [key, seqs] : delivered) {
    CHECK(std::is_sorted(seqs.begin(), seqs.end()));
  }
  CHECK(lane.stats().delivered == kEvents);
  CHECK(lane.stats().cursor == kEvents);
}

}  // namespace aev::delivery::testing
