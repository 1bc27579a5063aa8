#include <fstream>
#include <thread>

#include <catch2/catch.hpp>

#include "store_fixture.h"

namespace aev::store {
namespace {

using namespace std::chrono_literals;

TEST_CASE("an event comes back byte for byte, also after a restart") {
  StoreFixture fixture;
  const std::string data("{\"a\": 1.50,\n \"b\":\"\0\xff\"}", 22);
  const Seq seq = fixture.append(fixture.event("e1", {1, 300, 70'000}, data));
  CHECK(seq == 1);
  fixture.close();
  fixture.open();
  const auto found = fixture.store->find("e1");
  REQUIRE(found);
  const events::Event& event = *found->event;
  CHECK(event.seq() == 1);
  CHECK(event.data() == data);
  CHECK(event.event_type() == "vote");
  CHECK(event.debate_id() == "d1");
  CHECK(event.source() == "test");
  CHECK(event.time_unix_ns() == 1'700'000'000'000'000'001);
  CHECK(event.attribute("round") == "3");
  CHECK(event.attribute("agent") == "\"a\"");
  CHECK(found->targets->ids() == std::vector<SubscriberId>{1, 300, 70'000});
  CHECK(fixture.append(fixture.event("e2")) == 2);
}

TEST_CASE("the same id again is a duplicate within the window only") {
  StoreFixture fixture;
  const RoutedEvent batch[] = {fixture.event("a"), fixture.event("b"), fixture.event("a")};
  const auto outcome = fixture.store->append(batch);
  REQUIRE(outcome);
  CHECK_FALSE(outcome->items[0].duplicate);
  CHECK_FALSE(outcome->items[1].duplicate);
  CHECK(outcome->items[2].duplicate);
  CHECK(outcome->items[2].seq == outcome->items[0].seq);

  fixture.close();
  fixture.open();
  CHECK(fixture.append(fixture.event("b")) == 2);
  fixture.clock.advance(25h);
  CHECK(fixture.append(fixture.event("b")) == 3);
  const auto newest = fixture.store->find("b");
  REQUIRE(newest);
  CHECK(newest->event->seq() == 3);
}

TEST_CASE("duplicates are found once their ids have left memory for the table") {
  StoreFixture fixture;
  constexpr std::size_t kCount = 150'000;  // more than two slices of the index
  for (std::size_t first = 0; first < kCount; first += 5'000) {
    std::vector<RoutedEvent> batch;
    for (std::size_t i = first; i < first + 5'000; ++i) {
      batch.push_back(fixture.event("id-" + std::to_string(i)));
    }
    REQUIRE(fixture.store->append(batch));
  }
  for (const std::size_t each : {std::size_t{0}, std::size_t{70'000}, kCount - 1}) {
    CHECK(fixture.append(fixture.event("id-" + std::to_string(each))) == each + 1);
    const auto found = fixture.store->find("id-" + std::to_string(each));
    REQUIRE(found);
    CHECK(found->event->seq() == each + 1);
  }
  fixture.close();
  fixture.open();
  CHECK(fixture.append(fixture.event("id-5")) == 6);
  CHECK(fixture.append(fixture.event("id-149999")) == 150'000);
  CHECK(fixture.append(fixture.event("new")) == 150'001);
}

TEST_CASE("many producers at once get seqs without gaps, and the listener sees them in order") {
  StoreFixture fixture;
  std::vector<Seq> seen;
  fixture.store->set_commit_listener([&](std::span<const RoutedEvent> events) {
    for (const RoutedEvent& each : events) {
      seen.push_back(each.event->seq());
    }
  });
  constexpr int kThreads = 8;
  constexpr int kEach = 200;
  std::vector<std::thread> threads;
  std::atomic<int> failures{0};
  for (int thread = 0; thread < kThreads; ++thread) {
    threads.emplace_back([&, thread] {
      for (int i = 0; i < kEach; ++i) {
        const RoutedEvent event = fixture.event(std::to_string(thread) + "-" + std::to_string(i));
        if (!fixture.store->append(std::span(&event, 1))) {
          ++failures;
        }
      }
    });
  }
  for (auto& thread : threads) {
    thread.join();
  }
  CHECK(failures == 0);
  fixture.close();
  REQUIRE(seen.size() == kThreads * kEach);
  for (std::size_t i = 0; i < seen.size(); ++i) {
    REQUIRE(seen[i] == i + 1);
  }
}

TEST_CASE("a full queue answers busy and stores nothing") {
  StoreFixture fixture;
  fixture.close();
  fixture.options.queue_bytes = 10'000;
  fixture.open();
  // The writer is held up, so that the queue fills.
  std::atomic<bool> held{false};
  std::atomic<bool> release{false};
  fixture.store->apply(DeliveryChanges{}, [&] {
    held = true;
    held.notify_all();
    release.wait(false);
  });
  held.wait(false);
  std::atomic<int> stored{0};
  fixture.store->append_async({fixture.event("first", {1}, std::string(9'000, ' '))},
                              [&](Result<AppendOutcome> outcome) {
                                stored = outcome.ok() ? 1 : 2;
                                stored.notify_all();
                              });
  const RoutedEvent second = fixture.event("second", {1}, std::string(2'000, ' '));
  const auto refused = fixture.store->append(std::span(&second, 1));
  REQUIRE_FALSE(refused);
  CHECK(refused.error().code == ErrorCode::kBusy);
  release = true;
  release.notify_all();
  stored.wait(0);
  CHECK(stored == 1);
  CHECK(fixture.append(second) == 2);
}

TEST_CASE("a full store refuses events, lets deliveries go on, and recovers by retention") {
  StoreFixture fixture;
  fixture.close();
  fixture.options.max_bytes = 2'000'000;
  fixture.options.events_retention = 1h;
  fixture.open();
  const auto subscriber = fixture.store->register_subscriber("s");
  REQUIRE(subscriber);
  Result<AppendOutcome> outcome = AppendOutcome{};
  Seq last = 0;
  for (int i = 0; i < 1'000 && outcome; ++i) {
    const RoutedEvent event =
        fixture.event("e" + std::to_string(i), {subscriber->id}, std::string(10'000, 'x'));
    outcome = fixture.store->append(std::span(&event, 1));
    last = outcome ? outcome->items[0].seq : last;
  }
  REQUIRE_FALSE(outcome);
  CHECK(outcome.error().code == ErrorCode::kFull);
  CHECK(fixture.store->stats().full);
  DeliveryChanges changes;
  changes.cursors.push_back({subscriber->id, last, {}});
  fixture.apply(std::move(changes));
  CHECK(fixture.store->subscribers()->at(0).cursor == last);
  fixture.clock.advance(2h);
  // The ids reach their table while the writer is idle; only then may their events go.
  std::uint64_t deleted = 0;
  for (int tries = 0; tries < 3'000 && deleted < last; ++tries) {
    const auto some = fixture.store->run_retention();
    REQUIRE(some);
    deleted += *some;
    std::this_thread::yield();
  }
  REQUIRE(deleted >= last);
  CHECK(fixture.append(fixture.event("again")) == last + 1);
}

TEST_CASE("a second process, a damaged file and a newer schema are refused with advice") {
  StoreFixture fixture;
  fixture.append(fixture.event("e1"));
  const auto second =
      Store::open(fixture.options, fixture.clock, fixture.metrics, Logger(fixture.log, "s"));
  REQUIRE_FALSE(second);
  CHECK(second.error().code == ErrorCode::kConflict);
  CHECK(second.error().message.find("in use by another process") != std::string::npos);

  fixture.close();
  const auto file = fixture.options.directory / "events.db";
  const std::string garbage(20'000, 'z');
  std::ofstream(file, std::ios::binary) << garbage;
  const auto damaged =
      Store::open(fixture.options, fixture.clock, fixture.metrics, Logger(fixture.log, "s"));
  REQUIRE_FALSE(damaged);
  CHECK(damaged.error().code == ErrorCode::kCorrupt);
  CHECK(damaged.error().message.find(".recover") != std::string::npos);
  std::ifstream in(file, std::ios::binary);
  const std::string after(std::istreambuf_iterator<char>(in), {});
  CHECK(after == garbage);
}

TEST_CASE("a WAL without its database is refused, not thrown away") {
  StoreFixture fixture;
  fixture.append(fixture.event("e1"));
  fixture.close();
  const auto file = fixture.options.directory / "events.db";
  std::filesystem::remove(file);
  std::ofstream(file.string() + "-wal") << "something";
  const auto refused =
      Store::open(fixture.options, fixture.clock, fixture.metrics, Logger(fixture.log, "s"));
  REQUIRE_FALSE(refused);
  CHECK(refused.error().code == ErrorCode::kCorrupt);
  CHECK(std::filesystem::file_size(file.string() + "-wal") == 9);
}

TEST_CASE("scans choose by target, stay within their bounds and know the end") {
  StoreFixture fixture;
  for (int i = 1; i <= 10; ++i) {
    fixture.append(fixture.event("e" + std::to_string(i), {i % 2 == 0 ? 2u : 1u}));
  }
  const SubscriberId odd[] = {1};
  const auto all = fixture.store->scan(0, odd, 100, 1 << 20);
  REQUIRE(all);
  CHECK(all->events.size() == 5);
  CHECK(all->scanned_to == 10);
  CHECK(all->at_end);
  const auto some = fixture.store->scan(0, odd, 2, 1 << 20);
  REQUIRE(some);
  CHECK(some->events.size() == 2);
  CHECK(some->scanned_to == 3);
  CHECK_FALSE(some->at_end);
  const auto rest = fixture.store->scan(some->scanned_to, odd, 100, 1 << 20);
  REQUIRE(rest);
  CHECK(rest->events.size() == 3);
  const Seq wanted[] = {4, 9, 999};
  const auto read = fixture.store->read(wanted);
  REQUIRE(read);
  REQUIRE(read->size() == 2);
  CHECK(read->at(1).event->id() == "e9");
}

TEST_CASE("listings filter by type, debate and place") {
  StoreFixture fixture;
  for (int i = 1; i <= 6; ++i) {
    fixture.append(fixture.event("e" + std::to_string(i), {1}, "{}", i < 4 ? "vote" : "critique",
                                 i % 2 == 0 ? "even" : "odd"));
  }
  EventFilter filter;
  filter.debate_id = "even";
  auto found = fixture.store->list(filter);
  REQUIRE(found);
  REQUIRE(found->size() == 3);
  CHECK(found->at(0).event->id() == "e2");
  filter.event_type = "critique";
  filter.newest_first = true;
  filter.limit = 1;
  found = fixture.store->list(filter);
  REQUIRE(found);
  REQUIRE(found->size() == 1);
  CHECK(found->at(0).event->id() == "e6");
  CHECK(fixture.store->find("none").error().code == ErrorCode::kNotFound);
}

}  // namespace
}  // namespace aev::store
