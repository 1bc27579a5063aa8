#include "loader/lease_table.h"

#include <vector>

#include <catch2/catch.hpp>

#include "zoo_keeper.h"

namespace aev::loader {
namespace {

aev_result delivered(std::uint64_t batch_id, std::uint32_t first, std::uint32_t count) {
  aev_result result{};
  result.batch_id = batch_id;
  result.first = first;
  result.count = count;
  return result;
}

Verdict settle(LeaseTable& table, const aev_result& result) {
  Verdict verdict;
  table.settle(&result, 1, sizeof result, verdict);
  return verdict;
}

/// A table with one batch, number 7, that the plugin took whole.
struct Taken {
  explicit Taken(std::uint32_t count) : batch(table.add(zoo::lease(7, count))) {
    Verdict verdict;
    table.accept(7, count, verdict);
    CHECK(table.end_deliver(7).empty());
  }

  LeaseTable table;
  std::shared_ptr<const aev_batch> batch;
};

}  // namespace

TEST_CASE("a range over settled events settles the open ones around them", "[loader]") {
  Taken taken(6);
  REQUIRE(settle(taken.table, delivered(7, 2, 2)).settlements.size() == 1);

  const Verdict verdict = settle(taken.table, delivered(7, 0, 6));

  REQUIRE(verdict.settlements.size() == 2);
  CHECK(verdict.settlements[0].first == 0);
  CHECK(verdict.settlements[0].count == 2);
  CHECK(verdict.settlements[1].first == 4);
  CHECK(verdict.settlements[1].count == 2);
  REQUIRE(verdict.violations.size() == 1);
  CHECK(verdict.violations[0].first == Violation::kCompletedTwice);
}

TEST_CASE("a range whose end does not fit 32 bits is no way around the bounds", "[loader]") {
  Taken taken(3);
  const Verdict verdict = settle(taken.table, delivered(7, 0xFFFFFFFFu, 2));
  CHECK(verdict.settlements.empty());
  REQUIRE(verdict.violations.size() == 1);
  CHECK(verdict.violations[0].first == Violation::kOutOfRange);
}

TEST_CASE("an empty range is a violation", "[loader]") {
  Taken taken(3);
  const Verdict verdict = settle(taken.table, delivered(7, 1, 0));
  CHECK(verdict.settlements.empty());
  CHECK(verdict.violations.size() == 1);
}

TEST_CASE("a batch that is done is told from one that never was", "[loader]") {
  Taken taken(1);
  REQUIRE(settle(taken.table, delivered(7, 0, 1)).settlements.size() == 1);
  CHECK(settle(taken.table, delivered(7, 0, 1)).violations.at(0).first ==
        Violation::kCompletedTwice);
  CHECK(settle(taken.table, delivered(8, 0, 1)).violations.at(0).first == Violation::kForeignBatch);
}

TEST_CASE("what ends open is a retry in runs, and later results are foreign", "[loader]") {
  Taken taken(5);
  REQUIRE(settle(taken.table, delivered(7, 2, 1)).settlements.size() == 1);

  const std::vector<Settlement> made_up = taken.table.end_all("gone", true, false);

  REQUIRE(made_up.size() == 2);
  CHECK(made_up[0].first == 0);
  CHECK(made_up[0].count == 2);
  CHECK(made_up[0].outcome == Outcome::kRetry);
  CHECK(made_up[0].plugin_fault);
  CHECK(made_up[0].reason == "gone");
  CHECK(made_up[1].first == 3);
  CHECK(made_up[1].count == 2);
  CHECK(settle(taken.table, delivered(7, 0, 1)).settlements.empty());
}

TEST_CASE("a batch is readable until it is let go, however early it is settled", "[loader]") {
  Taken taken(2);
  REQUIRE(settle(taken.table, delivered(7, 0, 2)).settlements.size() == 1);
  CHECK(taken.batch->count == 2);
  CHECK(taken.batch->event_stride == sizeof(aev_event));
  CHECK(taken.batch->events[1].seq == 101);
  CHECK(taken.batch->deadline_mono_ns == 7'200'000'000'000);
}

TEST_CASE("events without attributes have none, and those after them keep theirs", "[loader]") {
  Lease mixed = zoo::lease(7, 2);
  events::EventFields bare;
  bare.id = "bare";
  bare.event_type = "ping";
  mixed.events[0].event = events::Event::create(bare);
  mixed.events[0].key = {};
  LeaseTable table;
  const auto batch = table.add(std::move(mixed));
  CHECK(batch->events[0].attribute_count == 0);
  CHECK(batch->events[0].attributes == nullptr);
  CHECK(batch->events[0].key.len == 0);
  REQUIRE(batch->events[1].attribute_count == 1);
  CHECK(std::string_view(batch->events[1].attributes[0].key.ptr, 5) == "round");
}

}  // namespace aev::loader
