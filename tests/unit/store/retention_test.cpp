#include <thread>

#include <catch2/catch.hpp>

#include "store_fixture.h"

namespace aev::store {
namespace {

using namespace std::chrono_literals;

/// Runs retention until it has deleted `count` rows; ids reach their table while the writer is
/// idle.
std::uint64_t retain(StoreFixture& fixture, std::uint64_t count) {
  std::uint64_t deleted = 0;
  const auto limit = std::chrono::steady_clock::now() + 30s;
  while (deleted < count && std::chrono::steady_clock::now() < limit) {
    deleted += *fixture.store->run_retention();
    std::this_thread::yield();
  }
  return deleted;
}

TEST_CASE("retention removes only what nobody owes anything to") {
  StoreFixture fixture;
  fixture.close();
  fixture.options.events_retention = 1h;
  fixture.open();
  const SubscriberId id = fixture.store->register_subscriber("s")->id;
  for (int i = 1; i <= 10; ++i) {
    fixture.append(fixture.event("e" + std::to_string(i), {id}));
  }
  DeliveryChanges changes;
  changes.cursors.push_back({id, 8, {}});
  changes.upsert_retries.push_back({id, 3, 0, 1, 0, 0, 0, ""});
  DeadLetterRecord dead;
  dead.subscriber = id;
  dead.seq = 5;
  dead.expires_unix_ns = fixture.clock.unix_now_ns() + Duration(10h).count();
  changes.add_dead_letters.push_back(dead);
  fixture.apply(std::move(changes));
  CHECK(*fixture.store->run_retention() == 0);  // nothing is old enough

  fixture.clock.advance(2h);
  CHECK(retain(fixture, 6) == 6);  // 1, 2, 4, 6, 7, 8
  const Seq all[] = {1, 2, 3, 4, 5, 6, 7, 8, 9, 10};
  const auto left = fixture.store->read(all);
  REQUIRE(left);
  std::vector<Seq> seqs;
  for (const RoutedEvent& each : *left) {
    seqs.push_back(each.event->seq());
  }
  CHECK(seqs == std::vector<Seq>{3, 5, 9, 10});
  CHECK(fixture.store->find("e1").error().code == ErrorCode::kNotFound);

  fixture.clock.advance(10h);  // the dead letter expires, and its event with it
  CHECK(retain(fixture, 2) == 2);
  CHECK(*fixture.store->count_dead_letters({}) == 0);
  CHECK(fixture.store->read(all)->size() == 3);
}

TEST_CASE("attempts go by their own retention") {
  StoreFixture fixture;
  const SubscriberId id = fixture.store->register_subscriber("s")->id;
  DeliveryChanges changes;
  const std::int64_t now = fixture.clock.unix_now_ns();
  changes.attempts.push_back({id, 1, "", 1, 0, now, 0, 0, 200, ""});
  changes.attempts.push_back({id, 2, "", 1, 0, now + Duration(50h).count(), 0, 0, 200, ""});
  fixture.apply(std::move(changes));
  fixture.clock.advance(80h);
  CHECK(*fixture.store->run_retention() == 1);
  AttemptFilter filter;
  filter.subscriber = "s";
  REQUIRE(fixture.store->attempts(filter)->size() == 1);
  CHECK(fixture.store->attempts(filter)->at(0).seq == 2);
}

TEST_CASE("other options count at once") {
  StoreFixture fixture;
  fixture.append(fixture.event("a", {}));
  StoreOptions options = fixture.options;
  options.dedup_window = std::chrono::minutes(1);
  fixture.store->set_options(options);
  fixture.clock.advance(std::chrono::minutes(2));
  CHECK(fixture.append(fixture.event("a", {})) == 2);
  fixture.store->set_options(fixture.options);
  CHECK(fixture.append(fixture.event("a", {})) == 2);  // found over the window of before

  options.max_bytes = 1;
  fixture.store->set_options(options);
  const RoutedEvent more[] = {fixture.event("b", {})};
  const auto refused = fixture.store->append(more);
  REQUIRE_FALSE(refused.ok());
  CHECK(refused.error().code == ErrorCode::kFull);
  fixture.store->set_options(fixture.options);
  CHECK(fixture.store->append(more).ok());

  // An event may go only once its id has left memory, which takes an idle moment of the writer.
  options = fixture.options;
  options.sync = SyncMode::kNormal;
  options.events_retention = std::chrono::minutes(1);
  fixture.store->set_options(options);
  fixture.clock.advance(std::chrono::minutes(5));
  const auto limit = std::chrono::steady_clock::now() + std::chrono::seconds(30);
  while (fixture.store->list({}).value().size() > 0 && std::chrono::steady_clock::now() < limit) {
    REQUIRE(fixture.store->run_retention().ok());
  }
  CHECK(fixture.store->list({}).value().empty());
}

}  // namespace
}  // namespace aev::store
