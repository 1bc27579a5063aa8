#include <algorithm>
#include <map>
#include <optional>
#include <random>

#include <catch2/catch.hpp>

#include "lane_harness.h"

namespace aev::delivery::testing {
namespace {

using loader::Outcome;
using std::chrono::seconds;
using Seqs = std::vector<events::Seq>;

constexpr std::size_t kSmallQueue = 4096;

store::Store::ScanPage page_of(std::vector<events::RoutedEvent> events, events::Seq scanned_to) {
  store::Store::ScanPage page;
  page.events = std::move(events);
  page.scanned_to = scanned_to;
  return page;
}

/// Every third event is another subscriber's.
events::RoutedEvent logged(events::Seq seq) {
  EventPlan plan;
  plan.seq = seq;
  plan.targets =
      seq % 3 == 0 ? std::vector<events::SubscriberId>{2} : std::vector<events::SubscriberId>{1, 2};
  return made(plan);
}

/// What a store would answer, looking at no more than `rows` rows.
store::Store::ScanPage scan_log(events::Seq after, events::Seq last, std::size_t rows) {
  std::vector<events::RoutedEvent> events;
  events::Seq seq = after;
  while (seq < last && rows-- > 0) {
    events.push_back(logged(++seq));
  }
  return page_of(std::move(events), seq);
}

store::RetryRecord row_of(events::Seq seq, std::uint32_t attempts, std::int64_t next_at) {
  store::RetryRecord row;
  row.subscriber = 1;
  row.seq = seq;
  row.attempts = attempts;
  row.next_at_unix_ns = next_at;
  return row;
}

}  // namespace

TEST_CASE("a new lane reads its retry rows, then the log, then goes live", "[delivery][intake]") {
  LaneHarness lane(spec_of(plain_policy(), 5));
  lane.start_plugin();
  CHECK(lane.lane->wants_rows());
  CHECK_FALSE(lane.lane->wants_scan());
  lane.commit(8, 8);  // comes by the log, not live
  lane.lane->rows_requested();
  CHECK_FALSE(lane.lane->wants_rows());
  lane.lane->take_rows({}, {}, true);
  CHECK(lane.lane->wants_scan());
  CHECK(lane.lane->scan_after() == 5);

  lane.lane->take_scan(page_of({made(6)}, 7), 8);
  CHECK(lane.lane->wants_scan());
  CHECK(lane.lane->scan_after() == 7);
  lane.lane->take_scan(page_of({made(8)}, 8), 8);
  CHECK_FALSE(lane.lane->wants_scan());
  lane.commit(9, 9);
  CHECK(lane.step_seqs() == Seqs{6, 8, 9});
}

TEST_CASE("events that a scan has read are not taken again when they come live",
          "[delivery][intake]") {
  LaneHarness lagging(spec_of(plain_policy(), 0));
  lagging.start_plugin();
  lagging.lane->rows_requested();
  lagging.lane->take_rows({}, {}, true);
  // The store is ahead of what the commit listener has brought.
  lagging.lane->take_scan(page_of({made(1), made(2)}, 2), 1);
  lagging.commit(2, 3);
  CHECK(lagging.step_seqs() == Seqs{1, 2, 3});
}

TEST_CASE("a full lane lets live events go and asks for them again when it has room",
          "[delivery][intake]") {
  auto policy = plain_policy();
  policy.concurrency = 100;
  LaneHarness lane(policy, kSmallQueue);
  lane.go_live();
  lane.commit(1, 500);
  CHECK_FALSE(lane.lane->wants_scan());
  const events::Seq taken = lane.lane->scan_after();
  CHECK(taken < 100);

  lane.start_plugin();
  for (const loader::Lease& lease : lane.step()) {
    lane.settle(lease, Outcome::kDelivered);
  }
  CHECK(lane.lane->wants_scan());
  CHECK(lane.lane->scan_after() == taken);
  CHECK(lane.stats().cursor == taken);
}

TEST_CASE("a scan takes no more than the lane has room for", "[delivery][intake]") {
  LaneHarness lane(plain_policy(), kSmallQueue);
  lane.start_plugin();
  lane.lane->rows_requested();
  lane.lane->take_rows({}, {}, true);
  std::vector<events::RoutedEvent> events;
  for (events::Seq seq = 1; seq <= 500; ++seq) {
    events.push_back(made(seq));
  }
  lane.lane->take_scan(page_of(std::move(events), 500), 500);
  CHECK(lane.lane->scan_after() < 100);
  lane.commit(501, 501);
  CHECK(lane.lane->scan_after() < 100);
}

TEST_CASE("an idle lane follows the log lazily", "[delivery][intake]") {
  LaneHarness lane;
  lane.run();
  EventPlan foreign;
  foreign.targets = {2};
  foreign.seq = 1;
  lane.commit({made(foreign)});
  CHECK_FALSE(lane.lane->checkpoint(false));
  CHECK(lane.take_changes().empty());

  lane.clock.advance(seconds(1));
  CHECK(lane.lane->checkpoint(false));
  const auto changes = lane.take_changes();
  REQUIRE(changes.cursors.size() == 1);
  CHECK(changes.cursors[0].cursor == 1);
  foreign.seq = 2;
  lane.commit({made(foreign)});
  CHECK_FALSE(lane.lane->checkpoint(false));
  CHECK(lane.lane->checkpoint(true));
  CHECK(lane.take_changes().cursors.size() == 1);
}

TEST_CASE("a checkpoint keeps what is settled above an open event", "[delivery][intake]") {
  LaneHarness lane;
  lane.run();
  lane.commit(1, 4);
  const loader::Lease lease = lane.step_one();
  lane.settle(part(lease, 1, 2, Outcome::kDelivered));
  lane.lane->checkpoint(false);
  const auto changes = lane.take_changes();
  REQUIRE(changes.cursors.size() == 1);
  CHECK(changes.cursors[0].cursor == 0);
  REQUIRE(changes.cursors[0].settled.size() == 1);
  CHECK(changes.cursors[0].settled[0].first == 2);
  CHECK(changes.cursors[0].settled[0].last == 3);

  SubscriberSpec spec = spec_of(plain_policy());
  spec.record.settled = changes.cursors[0].settled;
  LaneHarness next(std::move(spec));
  next.start_plugin();
  next.lane->rows_requested();
  next.lane->take_rows({}, {}, true);
  next.lane->take_scan(page_of({made(1), made(2), made(3), made(4)}, 4), 4);
  CHECK(next.step_seqs() == Seqs{1, 4});
}

TEST_CASE("retry rows are taken once, with their attempts and when they are due",
          "[delivery][intake]") {
  LaneHarness lane(spec_of(plain_policy(), 10));
  lane.run(10);
  const std::int64_t now = lane.clock.unix_now_ns();
  const std::vector<store::RetryRecord> rows = {row_of(4, 2, now - 1),
                                                row_of(7, 1, now + Duration(seconds(3)).count())};
  const std::vector<events::RoutedEvent> events = {made(4), made(7)};
  lane.lane->rows_added();
  lane.lane->rows_requested();
  lane.lane->take_rows(rows, events, true);
  lane.lane->rows_added();
  lane.lane->rows_requested();
  lane.lane->take_rows(rows, events, true);
  const loader::Lease first = lane.step_one();
  CHECK(seqs_of(first) == Seqs{4});
  CHECK(first.events[0].attempt == 3);
  CHECK(lane.stats().waiting_retry == 1);
  lane.clock.advance(seconds(3));
  CHECK(lane.step_seqs() == Seqs{7});
}

TEST_CASE("a row that ended while the rows were being read is not taken again",
          "[delivery][intake]") {
  LaneHarness lane(spec_of(plain_policy(), 10));
  lane.run(10);
  const std::vector<store::RetryRecord> rows = {row_of(4, 1, 0)};
  lane.lane->rows_added();
  lane.lane->rows_requested();
  lane.lane->take_rows(rows, {made(4)}, true);
  const loader::Lease lease = lane.step_one();
  lane.lane->rows_added();
  lane.lane->rows_requested();
  lane.settle(lease, Outcome::kDelivered);
  lane.lane->take_rows(rows, {made(4)}, true);
  CHECK(lane.step().empty());
  CHECK(lane.stats().delivered == 1);
}

TEST_CASE("rows added while the rows were being read are asked for again", "[delivery][intake]") {
  LaneHarness lane;
  lane.start_plugin();
  lane.lane->rows_requested();
  lane.lane->rows_added();
  lane.lane->take_rows({}, {}, true);
  CHECK(lane.lane->wants_rows());
}

TEST_CASE("a row whose event is gone is deleted", "[delivery][intake]") {
  LaneHarness lane(spec_of(plain_policy(), 10));
  lane.start_plugin();
  lane.lane->rows_requested();
  lane.lane->take_rows({row_of(4, 1, 0), row_of(5, 1, 0)}, {made(5)}, true);
  const auto changes = lane.take_changes();
  REQUIRE(changes.delete_retries.size() == 1);
  CHECK(changes.delete_retries[0].seq == 4);
  CHECK(lane.step_seqs() == Seqs{5});
}

TEST_CASE("a replayed event is leased as such and does not move the cursor", "[delivery][intake]") {
  LaneHarness lane(spec_of(plain_policy(), 10));
  lane.run(10);
  store::RetryRecord row = row_of(4, 0, 0);
  row.replay = 9;
  lane.lane->rows_added();
  lane.lane->rows_requested();
  lane.lane->take_rows({row}, {made(4)}, true);
  const loader::Lease lease = lane.step_one();
  CHECK(lease.events[0].replay);
  CHECK(lease.events[0].attempt == 1);
  lane.settle(lease, Outcome::kRetry);
  const auto failed = lane.take_changes();
  REQUIRE(failed.upsert_retries.size() == 1);
  CHECK(failed.upsert_retries[0].replay == 9);
  lane.clock.advance(seconds(1));
  lane.settle(lane.step_one(), Outcome::kDelivered);
  const auto delivered = lane.take_changes();
  REQUIRE(delivered.delete_retries.size() == 1);
  CHECK(delivered.delete_retries[0].replay == 9);
  CHECK(lane.stats().cursor == 10);
}

TEST_CASE("between lagging and live nothing is lost and nothing doubled", "[delivery][intake]") {
  const auto seed = GENERATE(range(0u, 25u));
  INFO("seed " << seed);
  std::mt19937 random(seed);
  auto policy = plain_policy();
  policy.retry.max_attempts = 1000;
  policy.retry.max_elapsed = Duration(0);
  LaneHarness lane(policy, kSmallQueue);
  lane.start_plugin();
  lane.lane->rows_requested();
  lane.lane->take_rows({}, {}, true);
  constexpr events::Seq kEvents = 2000;
  events::Seq stored = 0;   // committed to the log
  events::Seq offered = 0;  // of those, what the commit listener has brought
  std::optional<store::Store::ScanPage> scan;
  std::vector<loader::Lease> open;
  std::map<events::Seq, int> delivered;
  bool lagged = false;
  while (lane.stats().cursor < kEvents || !open.empty() || lane.stats().waiting_retry > 0) {
    switch (random() % 6) {
      case 0:
        stored = std::min(kEvents, stored + random() % 120);
        break;
      case 1: {
        std::vector<events::RoutedEvent> group;
        while (offered < stored) {
          group.push_back(logged(++offered));
        }
        lane.commit(group);
        break;
      }
      case 2:
        if (!scan && lane.lane->wants_scan()) {
          lagged = lagged || offered > 0;
          scan = scan_log(lane.lane->scan_after(), stored, 1 + random() % 60);
        }
        break;
      case 3:
        if (scan) {
          lane.lane->take_scan(*scan, offered);
          scan.reset();
        }
        break;
      case 4:
        for (loader::Lease& lease : lane.step()) {
          open.push_back(std::move(lease));
        }
        lane.clock.advance(std::chrono::milliseconds(200));
        break;
      default:
        if (!open.empty()) {
          std::swap(open[random() % open.size()], open.back());
          const loader::Lease lease = std::move(open.back());
          open.pop_back();
          const bool good = random() % 5 != 0;
          for (const events::Seq seq : seqs_of(lease)) {
            delivered[seq] += good ? 1 : 0;
          }
          lane.settle(lease, good ? Outcome::kDelivered : Outcome::kRetry);
        }
    }
  }
  CHECK(lagged);
  for (events::Seq seq = 1; seq <= kEvents; ++seq) {
    INFO("seq " << seq);
    REQUIRE(delivered[seq] == (seq % 3 == 0 ? 0 : 1));
  }
}

}  // namespace aev::delivery::testing
