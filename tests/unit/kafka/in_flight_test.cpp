#include "in_flight.h"

#include <catch2/catch.hpp>

#include "mock_cluster.h"

namespace aev::kafka {
namespace {

TEST_CASE("an offset is committable once all before it are settled", "[kafka]") {
  OffsetTracker tracker;
  CHECK(tracker.open(10));
  CHECK(tracker.settled_upto() == 10);
  CHECK(tracker.open(11));
  CHECK(tracker.open(15));  // a gap, as compaction leaves them
  CHECK(tracker.open(16));
  CHECK_FALSE(tracker.close(15));
  CHECK_FALSE(tracker.close(11));
  CHECK(tracker.close(10) == 16);
  CHECK(tracker.open_count() == 1);
  CHECK(tracker.settled_upto() == 16);
  CHECK(tracker.close(16) == 17);
  CHECK_FALSE(tracker.close(16));
  CHECK_FALSE(tracker.close(99));
}

TEST_CASE("what was read before is not opened again", "[kafka]") {
  OffsetTracker tracker;
  CHECK(tracker.open(0));
  CHECK_FALSE(tracker.open(0));
  CHECK(tracker.close(0) == 1);
  CHECK_FALSE(tracker.open(0));
  CHECK(tracker.open(1));
}

/// Messages 0, 1, 2 … of partition 0 and 1 of topic t.
struct Messages {
  Messages() {
    cluster.create_topic("t", 2);
    cluster.produce("t", 0, {{"a", {}, {}}, {"b", {}, {}}, {"c", {}, {}}});
    cluster.produce("t", 1, {{"x", {}, {}}, {"yy", {}, {}}});
    for (std::int32_t partition : {0, 1}) {
      for (MessagePtr& message : cluster.read("t", partition, partition == 0 ? 3 : 2)) {
        table.add(std::move(message));
      }
    }
  }

  std::uint64_t send_first(std::int32_t partition) {
    const PartitionName name{"t", partition};
    const std::uint64_t ticket = table.first_waiting(name)->ticket;
    table.sent(name);
    return ticket;
  }

  MockCluster cluster;
  InFlightTable table;
};

TEST_CASE("messages wait, are sent and settle; offsets follow", "[kafka]") {
  Messages made;
  InFlightTable& table = made.table;
  CHECK(table.count() == 5);
  CHECK(table.bytes() == 6);
  CHECK(table.waiting_partitions().size() == 2);
  const auto first = made.send_first(0);
  const auto second = made.send_first(0);
  const auto other = made.send_first(1);
  CHECK(table.sent_count({"t", 0}) == 2);
  table.settle(second);
  CHECK(table.take_committable().empty());
  table.settle(first);
  table.settle(other);
  using Offsets = std::vector<std::pair<PartitionName, std::int64_t>>;
  CHECK(table.take_committable() == Offsets{{{"t", 0}, 2}, {{"t", 1}, 1}});
  CHECK(table.take_committable().empty());
  CHECK(table.count() == 2);
  CHECK(table.bytes() == 3);
}

TEST_CASE("what has to be sent again takes its place", "[kafka]") {
  Messages made;
  const auto first = made.send_first(0);
  const auto second = made.send_first(0);
  made.table.wait_again(second);
  made.table.wait_again(first);
  CHECK(made.send_first(0) == first);
  CHECK(made.send_first(0) == second);
  CHECK(made.table.count() == 5);
}

TEST_CASE("answers for a partition that was taken away find nothing", "[kafka]") {
  Messages made;
  const auto sent = made.send_first(0);
  made.table.forget({"t", 0});
  CHECK(made.table.find_sent(sent) == nullptr);
  made.table.settle(sent);
  made.table.wait_again(sent);
  CHECK(made.table.take_committable().empty());
  CHECK(made.table.count() == 2);
  CHECK(made.table.bytes() == 3);
  made.table.forget({"other", 9});
  // It may come back, and is read anew then.
  for (MessagePtr& message : made.cluster.read("t", 0, 1)) {
    CHECK(made.table.add(std::move(message)));
  }
}

}  // namespace
}  // namespace aev::kafka
