#include "ingest/event_id.h"

#include <set>
#include <string>

#include <catch2/catch.hpp>

using aev::ingest::EventIdGenerator;

TEST_CASE("an id has its prefix and 26 base-32 characters", "[ingest]") {
  EventIdGenerator ids;
  const std::string id(ids.next(1'700'000'000'123'456'789));
  CHECK(id.size() == 30);
  CHECK(id.substr(0, 4) == "evt_");
  CHECK(id.find_first_not_of("0123456789ABCDEFGHJKMNPQRSTVWXYZ", 4) == std::string::npos);
  // 1700000000123 ms in Crockford's base 32.
  CHECK(id.substr(4, 10) == "01HF7YAT3V");
}

TEST_CASE("ids of one generator ascend, whatever the clock does", "[ingest]") {
  EventIdGenerator ids;
  std::set<std::string> seen;
  std::string last;
  std::int64_t now = 1'700'000'000'000'000'000;
  for (int i = 0; i < 5000; ++i) {
    now += i % 7 == 0 ? 1'000'000 : i % 11 == 0 ? -5'000'000 : 0;
    const std::string id(ids.next(now));
    REQUIRE(id > last);
    REQUIRE(seen.insert(id).second);
    last = id;
  }
}

TEST_CASE("two generators do not make the same id", "[ingest]") {
  EventIdGenerator one;
  EventIdGenerator two;
  CHECK(std::string(one.next(5)) != std::string(two.next(5)));
}
