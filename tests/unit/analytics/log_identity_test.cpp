#include <algorithm>

#include <catch2/catch.hpp>

#include "subscriber_fixture.h"

namespace aev::analytics {
namespace {

using Events = std::vector<sdk::FakeEvent>;

Events votes(std::uint64_t first, std::uint64_t last, const std::string& prefix = "e") {
  Events events;
  for (std::uint64_t seq = first; seq <= last; ++seq) {
    events.push_back({.seq = seq, .id = prefix + std::to_string(seq), .event_type = "vote"});
  }
  return events;
}

std::string counted(SubscriberFixture& fixture) {
  return lines_of(fixture.query("counts", R"({"granularity":"day","group_by":"event_type"})"),
                  "rows");
}

bool warned(const SubscriberFixture& fixture, const std::string& part) {
  const auto log = fixture.host->log();
  return std::any_of(log.begin(), log.end(), [&](const std::string& line) {
    return line.starts_with("warning") && line.find(part) != std::string::npos;
  });
}

/// Another host in the place of the old one, with what it kept as state.
void change_host(SubscriberFixture& fixture, bool with_state, const Events& log) {
  const auto state = fixture.host->state();
  REQUIRE(fixture.subscriber->stop());
  fixture.crash();
  fixture.host = SubscriberFixture::new_host();
  for (const auto& [key, value] : state) {
    if (with_state) {
      fixture.host->set_state(key, value);
    }
  }
  for (const sdk::FakeEvent& event : log) {
    fixture.host->add_history(event);
  }
  fixture.start();
}

TEST_CASE("a host that begins anew is counted in addition") {
  SubscriberFixture fixture;
  fixture.start();
  fixture.deliver(votes(1, 30));
  change_host(fixture, false, {});
  fixture.deliver(votes(1, 10, "n"));
  CHECK(counted(fixture) == "vote|40\n");
  CHECK(warned(fixture, "the host's log is a new one"));
  fixture.deliver(votes(1, 10, "n"));
  CHECK(counted(fixture) == "vote|40\n");
}

TEST_CASE("a log that was put back gives its seqs to other events") {
  SubscriberFixture fixture;
  fixture.start();
  fixture.deliver(votes(1, 30));
  change_host(fixture, true, votes(1, 20));
  fixture.deliver(votes(15, 20));  // the old ones again
  CHECK(counted(fixture) == "vote|30\n");
  fixture.deliver(votes(21, 40, "n"));
  CHECK(counted(fixture) == "vote|50\n");
  CHECK(warned(fixture, "put back to an earlier state"));
}

TEST_CASE("another event at the newest seq means another log") {
  SubscriberFixture fixture;
  fixture.start();
  fixture.deliver(votes(1, 30));
  change_host(fixture, true, votes(1, 35, "other"));
  fixture.deliver(votes(1, 35, "other"));
  CHECK(counted(fixture) == "vote|65\n");
  CHECK(warned(fixture, "other events than were counted"));
}

TEST_CASE("a restarted host is the same, also when old events are gone from its log") {
  SubscriberFixture fixture;
  fixture.start();
  fixture.deliver(votes(1, 30));
  Events left = votes(20, 32);
  change_host(fixture, true, left);
  fixture.deliver(left);
  CHECK(counted(fixture) == "vote|32\n");
  CHECK_FALSE(warned(fixture, "log"));
}

TEST_CASE("a new file beside a host that has counted before says so") {
  SubscriberFixture fixture;
  fixture.start();
  fixture.deliver(votes(1, 30));
  REQUIRE(fixture.subscriber->stop());
  fixture.crash();
  fixture.file = fixture.folder.file("another.db");
  fixture.start();
  fixture.deliver(votes(31, 35));
  CHECK(counted(fixture) == "vote|5\n");
  CHECK(warned(fixture, "`rebuild` counts what the log still holds"));
}

TEST_CASE("two instances that hand over to each other count each event once") {
  SubscriberFixture fixture;
  fixture.start();
  const auto old = std::move(fixture.subscriber);
  fixture.start();
  std::size_t settled = 0;
  for (std::uint64_t first = 1; first <= 100; first += 10) {
    // Each gets some that the other has just had.
    settled += 20;
    REQUIRE(old->deliver(votes(first, first + 9)) == AEV_OK);
    fixture.offer(votes(first, first + 9));
    REQUIRE(fixture.host->wait_settled(settled));
  }
  REQUIRE(fixture.subscriber->stop());
  CHECK(counted(fixture) == "vote|100\n");
}

}  // namespace
}  // namespace aev::analytics
