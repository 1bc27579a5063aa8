#include <algorithm>
#include <random>
#include <set>

#include <catch2/catch.hpp>

#include "generated_events.h"
#include "subscriber_fixture.h"

namespace aev::analytics {
namespace {

using Batch = std::vector<sdk::FakeEvent>;

/// Events that have not been reported as delivered.
Batch still_owed(const Batch& events, const sdk::FakeHost& host) {
  std::set<std::uint64_t> delivered;
  for (const sdk::FakeSettlement& each : host.settled()) {
    if (each.outcome == AEV_DELIVERED) {
      delivered.insert(each.seq);
    }
  }
  Batch owed;
  std::copy_if(events.begin(), events.end(), std::back_inserter(owed),
               [&](const sdk::FakeEvent& event) { return !delivered.contains(event.seq); });
  return owed;
}

TEST_CASE("events are counted once each, in whatever order and however often they come") {
  const std::uint64_t fresh = std::random_device()();
  for (const std::uint64_t seed : {std::uint64_t{1}, std::uint64_t{2}, std::uint64_t{3}, fresh}) {
    INFO("seed " << seed);
    std::mt19937_64 random(seed);
    const std::int64_t now = unix_now_ns();
    const Batch events = generate_events(random, 600, now);
    SubscriberFixture fixture;
    for (const sdk::FakeEvent& event : events) {
      fixture.host->add_history(event);  // the log has them all before any is delivered
    }
    fixture.start();
    for (int round = 0; round < 200; ++round) {
      Batch owed = still_owed(events, *fixture.host);
      if (owed.empty()) {
        break;
      }
      // Some that were delivered long ago come again among those that are owed.
      for (int i = 0; i < 20; ++i) {
        owed.push_back(events[random() % events.size()]);
      }
      std::shuffle(owed.begin(), owed.end(), random);
      bool crashed = false;
      for (std::size_t at = 0; at < owed.size() && !crashed;) {
        const std::size_t end = std::min(owed.size(), at + 1 + random() % 60);
        Batch batch(owed.begin() + static_cast<std::ptrdiff_t>(at),
                    owed.begin() + static_cast<std::ptrdiff_t>(end));
        at = end;
        if (random() % 2 == 0) {
          fixture.offer(std::move(batch));
        } else {
          const std::size_t settled = fixture.host->settled().size() + 1;
          fixture.offer(std::move(batch));
          REQUIRE(fixture.host->wait_settled(settled));
        }
        crashed = random() % 4 == 0;
      }
      fixture.crash();
      fixture.start();
    }
    REQUIRE(still_owed(events, *fixture.host).empty());
    REQUIRE(fixture.host->violations().empty());
    fixture.check_against(Reference(events, now));
    REQUIRE(fixture.subscriber->stop());
  }
}

}  // namespace
}  // namespace aev::analytics
