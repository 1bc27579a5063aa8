#include "delivery/progress.h"

#include <map>
#include <memory>
#include <random>
#include <set>

#include <catch2/catch.hpp>

namespace aev::delivery {
namespace {

using events::Seq;
using store::SeqRange;

/// What a Progress claims as settled: everything up to the cursor, and its ranges.
bool claims_settled(const Progress& progress, Seq seq) {
  bool in_ranges = false;
  for (const SeqRange& range : progress.settled()) {
    in_ranges = in_ranges || (range.first <= seq && seq <= range.last);
  }
  return in_ranges || seq <= progress.cursor();
}

}  // namespace

TEST_CASE("the cursor stays below the first event that is not settled", "[delivery][progress]") {
  Progress progress(10, {});
  REQUIRE(progress.take(11));
  REQUIRE(progress.take(12));
  REQUIRE(progress.take(13));

  progress.settle(12);
  CHECK(progress.cursor() == 10);
  REQUIRE(progress.settled().size() == 1);
  CHECK(progress.settled()[0].first == 12);
  CHECK(progress.settled()[0].last == 12);

  progress.settle(11);
  CHECK(progress.cursor() == 12);
  CHECK(progress.settled().empty());
  CHECK(progress.open() == 1);
}

TEST_CASE("events that are not owed are passed over", "[delivery][progress]") {
  Progress progress(0, {});
  progress.pass(50);
  CHECK(progress.cursor() == 50);
  REQUIRE(progress.take(60));
  progress.pass(90);
  CHECK(progress.cursor() == 59);
  progress.settle(60);
  CHECK(progress.cursor() == 90);
}

TEST_CASE("settled runs with only foreign events between them are one range",
          "[delivery][progress]") {
  Progress progress(0, {});
  REQUIRE(progress.take(1));
  REQUIRE(progress.take(4));
  REQUIRE(progress.take(8));
  REQUIRE(progress.take(9));
  REQUIRE(progress.take(11));
  progress.settle(4);
  progress.settle(8);
  progress.settle(11);

  const auto settled = progress.settled();
  REQUIRE(settled.size() == 2);
  CHECK(settled[0].first == 4);
  CHECK(settled[0].last == 8);
  CHECK(settled[1].first == 11);
}

TEST_CASE("what was settled before a restart is not taken again", "[delivery][progress]") {
  Progress progress(3, {{5, 6}, {9, 9}});
  CHECK(progress.take(4));
  CHECK_FALSE(progress.take(5));
  CHECK_FALSE(progress.take(6));
  CHECK(progress.take(7));
  CHECK(progress.cursor() == 3);
  CHECK(claims_settled(progress, 9));

  progress.settle(4);
  CHECK(progress.cursor() == 6);
  CHECK_FALSE(progress.take(9));
  progress.settle(7);
  CHECK(progress.cursor() == 9);
}

TEST_CASE("progress claims what a plain set of settled seqs claims", "[delivery][progress]") {
  const auto seed = GENERATE(range(0u, 40u));
  std::mt19937 random(seed);
  std::set<Seq> owed;
  std::set<Seq> settled;
  std::set<Seq> open;
  Seq taken = 0;
  Progress progress(0, {});
  for (int i = 0; i < 600; ++i) {
    const auto dice = random() % 10;
    if (dice < 4) {
      taken += 1 + random() % 3;
      owed.insert(taken);
      REQUIRE(progress.take(taken));
      open.insert(taken);
    } else if (dice == 4) {
      taken += random() % 3;
      progress.pass(taken);
    } else if (dice < 9 && !open.empty()) {
      const Seq seq = *std::next(open.begin(), static_cast<long>(random() % open.size()));
      open.erase(seq);
      settled.insert(seq);
      progress.settle(seq);
    }
    REQUIRE(progress.cursor() == (open.empty() ? taken : *open.begin() - 1));
  }
  for (const Seq seq : owed) {
    INFO("seq " << seq << " with seed " << seed);
    CHECK(claims_settled(progress, seq) == settled.contains(seq));
  }
}

TEST_CASE("restarts between any two steps neither lose nor repeat what was saved",
          "[delivery][progress]") {
  const auto seed = GENERATE(range(0u, 40u));
  std::mt19937 random(seed);
  std::map<Seq, int> settled;  // how often each owed seq was settled
  constexpr Seq kEnd = 400;
  const auto is_owed = [](Seq seq) { return seq % 3 != 1; };
  auto progress = std::make_unique<Progress>(0, std::vector<SeqRange>{});
  std::set<Seq> open;
  while (progress->cursor() < kEnd) {
    if (random() % 40 == 0) {
      progress = std::make_unique<Progress>(progress->cursor(), progress->settled());
      open.clear();
    }
    const Seq next = progress->taken_upto() + 1;
    if (next <= kEnd && (open.empty() || random() % 2 == 0)) {
      if (!is_owed(next)) {
        progress->pass(next);
      } else if (progress->take(next)) {
        open.insert(next);
      }
    } else if (!open.empty()) {
      const Seq seq = *std::next(open.begin(), static_cast<long>(random() % open.size()));
      open.erase(seq);
      progress->settle(seq);
      ++settled[seq];
    }
  }
  for (Seq seq = 1; seq <= kEnd; ++seq) {
    INFO("seq " << seq << " with seed " << seed);
    CHECK(settled[seq] == (is_owed(seq) ? 1 : 0));
  }
}

}  // namespace aev::delivery
