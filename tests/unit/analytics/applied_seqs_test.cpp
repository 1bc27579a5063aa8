#include "applied_seqs.h"

#include <random>
#include <set>

#include <catch2/catch.hpp>

#include "rollup_file.h"
#include "subscriber_fixture.h"

namespace aev::analytics {
namespace {

std::int64_t rows(Database& database) {
  return database.integer("SELECT count(*) FROM applied");
}

TEST_CASE("a seq is new once, whatever the order and the gaps") {
  const auto seed = std::random_device()();
  INFO("seed " << seed);
  std::mt19937_64 random(seed);
  const auto database = open_scratch();
  AppliedSeqs seqs(*database, 1, 0);
  std::set<std::uint64_t> model;
  for (int i = 0; i < 20'000; ++i) {
    const std::uint64_t seq = 1 + (random() % 4 == 0 ? random() % 3'000'000 : random() % 20'000);
    REQUIRE(seqs.add(seq) == model.insert(seq).second);
    if (i % 500 == 0) {
      seqs.save();
    }
    if (i % 3000 == 0) {
      seqs.save();
      seqs.forget(seqs.floor());
    }
  }
}

TEST_CASE("what was not saved is forgotten with the transaction") {
  const auto database = open_scratch();
  AppliedSeqs seqs(*database, 1, 0);
  REQUIRE(seqs.add(7));
  seqs.save();
  REQUIRE(seqs.add(8));
  seqs.forget(0);
  CHECK_FALSE(seqs.add(7));
  CHECK(seqs.add(8));
}

TEST_CASE("events without gaps leave one row, however many they are") {
  const auto database = open_scratch();
  AppliedSeqs seqs(*database, 1, 0);
  for (std::uint64_t seq = 1; seq <= 100'000; ++seq) {
    REQUIRE(seqs.add(seq));
    if (seq % 1000 == 0) {
      seqs.save();
    }
  }
  CHECK(rows(*database) == 1);
  CHECK(seqs.floor() > 90'000);
  CHECK_FALSE(seqs.add(1));
  CHECK_FALSE(seqs.add(100'000));
  CHECK(seqs.add(100'001));
}

TEST_CASE("what is gone from the log needs no rows") {
  const auto database = open_scratch();
  AppliedSeqs seqs(*database, 1, 0);
  for (std::uint64_t seq = 1; seq <= 100'000; seq += 3) {
    REQUIRE(seqs.add(seq));
  }
  seqs.save();
  CHECK(rows(*database) == 13);
  seqs.raise_floor(90'000);
  seqs.save();
  CHECK(rows(*database) == 3);
  CHECK_FALSE(seqs.add(89'999));
  CHECK_FALSE(seqs.add(90'001 + 3));
  CHECK(seqs.add(90'003));
}

TEST_CASE("seqs above a cut are given away again") {
  const auto database = open_scratch();
  AppliedSeqs seqs(*database, 1, 0);
  for (std::uint64_t seq = 1; seq <= 30'000; ++seq) {
    REQUIRE(seqs.add(seq));
  }
  seqs.save();
  for (const std::uint64_t last : {20'001ull, 8'192ull, 8'191ull, 5ull}) {
    INFO(last);
    seqs.cut_above(last);
    seqs.save();
    seqs.forget(seqs.floor());
    CHECK_FALSE(seqs.add(last));
    CHECK(seqs.add(last + 1));
    CHECK(seqs.add(29'999));
  }
}

TEST_CASE("logs do not know of each other's seqs") {
  const auto database = open_scratch();
  AppliedSeqs first(*database, 1, 0);
  AppliedSeqs second(*database, 2, 0);
  REQUIRE(first.add(5));
  first.save();
  CHECK(second.add(5));
}

}  // namespace
}  // namespace aev::analytics
