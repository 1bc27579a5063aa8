#include <catch2/catch.hpp>

#include "store_fixture.h"

namespace aev::store {
namespace {

TEST_CASE("cursors, settled ranges and status survive a restart") {
  StoreFixture fixture;
  fixture.append(fixture.event("e1"));
  const auto first = fixture.store->register_subscriber("first");
  REQUIRE(first);
  CHECK(first->cursor == 1);  // begins at the end of the log
  CHECK(fixture.store->register_subscriber("first")->id == first->id);
  DeliveryChanges changes;
  changes.cursors.push_back({first->id, 100, {{103, 103}, {200, 100'000}}});
  changes.statuses.push_back({first->id, SubscriberStatus::kDisabled, "410 Gone"});
  fixture.apply(std::move(changes));
  fixture.close();
  fixture.open();
  const auto again = fixture.store->register_subscriber("first");
  REQUIRE(again);
  CHECK(again->cursor == 100);
  REQUIRE(again->settled.size() == 2);
  CHECK(again->settled[1].first == 200);
  CHECK(again->settled[1].last == 100'000);
  CHECK(again->status == SubscriberStatus::kDisabled);
  CHECK(again->status_reason == "410 Gone");
  REQUIRE(fixture.store->forget_subscriber("first"));
  CHECK(fixture.store->forget_subscriber("first").error().code == ErrorCode::kNotFound);
}

TEST_CASE("retries are replaced, deleted and listed by time") {
  StoreFixture fixture;
  const SubscriberId id = fixture.store->register_subscriber("s")->id;
  DeliveryChanges changes;
  changes.upsert_retries.push_back({id, 7, 0, 1, 10, 300, 503, "first"});
  changes.upsert_retries.push_back({id, 8, 0, 1, 10, 200, 0, ""});
  changes.upsert_retries.push_back({id, 7, 0, 2, 10, 400, 500, "second"});
  changes.upsert_retries.push_back({id, 9, 5, 0, 0, 100, 0, ""});
  fixture.apply(std::move(changes));
  auto retries = fixture.store->retries(id, 10);
  REQUIRE(retries);
  REQUIRE(retries->size() == 3);
  CHECK(retries->at(0).replay == 5);
  CHECK(retries->at(2).attempts == 2);
  CHECK(retries->at(2).last_error == "second");
  DeliveryChanges done;
  done.delete_retries.push_back({id, 7, 0});
  fixture.apply(std::move(done));
  CHECK(fixture.store->retries(id, 10)->size() == 2);
}

DeadLetterRecord dead(SubscriberId subscriber, Seq seq, std::int64_t when) {
  DeadLetterRecord record;
  record.subscriber = subscriber;
  record.seq = seq;
  record.reason = DeadReason::kExhausted;
  record.attempts = 4;
  record.last_code = 500;
  record.last_error = "500 from receiver";
  record.dead_unix_ns = when;
  return record;
}

TEST_CASE("dead letters are filtered, redriven, trimmed and discarded") {
  StoreFixture fixture;
  const SubscriberId id = fixture.store->register_subscriber("s")->id;
  DeliveryChanges changes;
  for (int i = 1; i <= 6; ++i) {
    const Seq seq = fixture.append(
        fixture.event("e" + std::to_string(i), {id}, "{}", i <= 2 ? "vote" : "critique"));
    changes.add_dead_letters.push_back(dead(id, seq, i * 100));
  }
  fixture.apply(std::move(changes));

  DeadLetterFilter votes;
  votes.event_type = "vote";
  auto found = fixture.store->dead_letters(votes);
  REQUIRE(found);
  REQUIRE(found->size() == 2);
  CHECK(found->at(0).subscriber_name == "s");
  CHECK(found->at(0).event_id == "e1");
  CHECK(found->at(0).last_code == 500);
  CHECK(*fixture.store->count_dead_letters({}) == 6);

  const auto taken = fixture.store->redrive(votes, 2);
  REQUIRE(taken);
  REQUIRE(taken->size() == 2);
  CHECK(taken->at(0).attempts == 0);
  CHECK(taken->at(1).next_at_unix_ns - taken->at(0).next_at_unix_ns == 500'000'000);
  CHECK(*fixture.store->count_dead_letters({}) == 4);
  CHECK(fixture.store->retries(id, 10)->size() == 2);

  DeliveryChanges trim;
  trim.max_dead_letters.emplace_back(id, 3);
  fixture.apply(std::move(trim));
  DeadLetterFilter any;
  any.limit = 0;
  found = fixture.store->dead_letters(any);
  REQUIRE(found->size() == 3);
  CHECK(found->at(0).event_id == "e4");  // the oldest went

  DeadLetterFilter late;
  late.since_unix_ns = 600;
  late.limit = 0;
  CHECK(*fixture.store->discard(late) == 1);
  CHECK(*fixture.store->count_dead_letters({}) == 2);
  CHECK(fixture.store->dead_letter(999).error().code == ErrorCode::kNotFound);
}

TEST_CASE("attempts and replays are kept") {
  StoreFixture fixture;
  const SubscriberId id = fixture.store->register_subscriber("s")->id;
  const Seq seq = fixture.append(fixture.event("e1", {id}));
  DeliveryChanges changes;
  changes.attempts.push_back({id, seq, "", 1, 0, 1'000, 2'000, 1, 503, "busy"});
  changes.attempts.push_back({id, seq, "", 2, 0, 5'000, 2'000, 0, 200, ""});
  changes.upsert_replays.push_back({4, id, 1, 10, R"({"event_type":"vote"})", 2.5, 3, 77, false});
  fixture.apply(std::move(changes));
  AttemptFilter filter;
  filter.subscriber = "s";
  const auto attempts = fixture.store->attempts(filter);
  REQUIRE(attempts);
  REQUIRE(attempts->size() == 2);
  CHECK(attempts->at(0).attempt == 2);  // newest first
  CHECK(attempts->at(1).event_id == "e1");
  CHECK(attempts->at(1).error == "busy");
  const auto replays = fixture.store->replays();
  REQUIRE(replays);
  REQUIRE(replays->size() == 1);
  CHECK(replays->at(0).id == 4);
  CHECK(replays->at(0).per_second == 2.5);
  CHECK(replays->at(0).filter_json == R"({"event_type":"vote"})");
  CHECK_FALSE(replays->at(0).done);
}

}  // namespace
}  // namespace aev::store
