#include "admin/request_filters.h"

#include <catch2/catch.hpp>

using namespace aev;
using namespace aev::admin;

namespace {

constexpr std::int64_t kNow = 1'772'366'400'000'000'000;

ApiRequest with(std::map<std::string, std::string> query) {
  return ApiRequest{"GET", {}, std::move(query)};
}

}  // namespace

TEST_CASE("times: RFC 3339, Unix seconds, a span back from now", "[admin]") {
  CHECK(parse_time("2026-03-01T12:00:00Z", 0).value() == kNow);
  CHECK(parse_time("1772366400", 0).value() == kNow);
  CHECK(parse_time("90m", kNow).value() == kNow - 5'400'000'000'000);
  CHECK(parse_time("2d", kNow).value() == kNow - 172'800'000'000'000);
  for (const char* bad : {"", "noon", "-1h", "1e30", "h", "5x"}) {
    CAPTURE(bad);
    CHECK_FALSE(parse_time(bad, kNow).ok());
  }
}

TEST_CASE("rates: per second, minute or hour", "[admin]") {
  CHECK(rate_of(with({})).value() == 0);
  CHECK(rate_of(with({{"rate", "50"}})).value() == 50);
  CHECK(rate_of(with({{"rate", "50/s"}})).value() == 50);
  CHECK(rate_of(with({{"rate", "600/m"}})).value() == Approx(10));
  CHECK(rate_of(with({{"rate", "3600/h"}})).value() == Approx(1));
  for (const char* bad : {"0", "-1", "a", "5/x", "5/", "/s"}) {
    CAPTURE(bad);
    const auto rate = rate_of(with({{"rate", bad}}));
    REQUIRE_FALSE(rate.ok());
    CHECK(rate.error().pointer == "/rate");
  }
}

TEST_CASE("an event filter takes its parameters and their bounds", "[admin]") {
  const auto oldest =
      event_filter(with({{"cursor", "7"}, {"since", "1h"}, {"limit", "1000"}}), kNow);
  REQUIRE(oldest.ok());
  CHECK(oldest->after_seq == 7);
  CHECK(oldest->limit == 1000);
  CHECK(*oldest->since_unix_ns == kNow - 3'600'000'000'000);
  const auto newest = event_filter(with({{"order", "newest"}, {"cursor", "7"}}), kNow);
  REQUIRE(newest.ok());
  CHECK(newest->newest_first);
  CHECK(newest->before_seq == 7);
  CHECK_FALSE(event_filter(with({{"limit", "1001"}}), kNow).ok());
  CHECK_FALSE(event_filter(with({{"limit", "-1"}}), kNow).ok());
  CHECK_FALSE(event_filter(with({{"order", "up"}}), kNow).ok());
  const auto misspelt = event_filter(with({{"evnt_type", "a"}}), kNow);
  REQUIRE_FALSE(misspelt.ok());
  CHECK(misspelt.error().pointer == "/evnt_type");
}

TEST_CASE("a dead letter filter and a replay request take the same names", "[admin]") {
  const auto filter = dead_letter_filter(
      with({{"subscriber", "s"}, {"event_type", "t"}, {"debate_id", "d"}, {"until", "1h"}}), kNow);
  REQUIRE(filter.ok());
  CHECK(filter->subscriber == "s");
  CHECK(filter->event_type == "t");
  CHECK(filter->debate_id == "d");
  CHECK(filter->limit == 100);
  const auto replay = replay_request(with({{"subscriber", "s"}, {"rate", "5/s"}}), kNow);
  REQUIRE(replay.ok());
  CHECK(replay->per_second == 5);
  CHECK(replay->limit == 0);
}
