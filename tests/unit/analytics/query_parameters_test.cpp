#include "query_parameters.h"

#include <catch2/catch.hpp>

namespace aev::analytics {
namespace {

constexpr std::int64_t kNs = 1'000'000'000;
constexpr std::int64_t kNoon = 1'772'366'400;  // 2026-03-01T12:00:00Z

std::string fault_of(const std::string& json, void (*use)(const QueryParameters&)) {
  try {
    use(QueryParameters(json, {"since", "until", "period", "limit", "sort", "all"}));
  } catch (const sdk::ConfigError& fault) {
    return fault.path();
  }
  return "none";
}

TEST_CASE("times are RFC 3339, Unix seconds, or so long ago") {
  const auto since = [](const std::string& text) {
    return QueryParameters("{\"since\":\"" + text + "\"}", {"since"}).period(kNoon * kNs).since_ns;
  };
  CHECK(since("2026-03-01T12:00:00Z") == kNoon * kNs);
  CHECK(since("2026-03-01T13:30:00.25+01:30") == kNoon * kNs + kNs / 4);
  CHECK(since("2026-03-01 07:00:00-05:00") == kNoon * kNs);
  CHECK(since("2026-03-01") == (kNoon - 12 * 3600) * kNs);
  CHECK(since("1772366400") == kNoon * kNs);
  CHECK(since("1772366400.5") == kNoon * kNs + kNs / 2);
  CHECK(since("36h") == (kNoon - 36 * 3600) * kNs);
  CHECK(since("1969-12-31T23:59:59Z") == -kNs);
}

TEST_CASE("what is no time is refused") {
  for (const char* text : {"2026-13-01", "2026-02-30", "2026-03-01T25:00:00Z", "2026-03-01T12:00Z",
                           "2026-03-01T12:00:00", "2026-03-01T12:00:00Zz", "yesterday", "12x",
                           "1e300", "-5h", "nan", "99999-01-01"}) {
    INFO(text);
    CHECK(fault_of("{\"since\":\"" + std::string(text) + "\"}",
                   [](const QueryParameters& p) { static_cast<void>(p.period(0)); }) == "/since");
  }
}

TEST_CASE("a period is one thing or the other") {
  const auto use = [](const QueryParameters& p) { static_cast<void>(p.period(kNoon * kNs)); };
  CHECK(fault_of(R"({"period":"24h"})", use) == "none");
  CHECK(fault_of(R"({"period":"24h","since":"1h"})", use) == "/period");
  CHECK(fault_of(R"({"period":"a while"})", use) == "/period");
  CHECK(fault_of(R"({"period":"0s"})", use) == "/period");
  CHECK(fault_of(R"({"since":"1h","until":"2h"})", use) == "/until");
  const Period day = QueryParameters(R"({"period":"1d"})", {"period"}).period(kNoon * kNs);
  CHECK(day.until_ns == kNoon * kNs);
  CHECK(day.since_ns == (kNoon - 86'400) * kNs);
}

TEST_CASE("unknown names and values are refused by name") {
  CHECK(fault_of(R"({"perod":"1d"})", [](const QueryParameters&) {}) == "/perod");
  CHECK(fault_of(R"({"sort":"height"})", [](const QueryParameters& p) {
          static_cast<void>(p.choice("sort", {"wins", "votes"}));
        }) == "/sort");
  CHECK(fault_of(R"({"all":"yes"})",
                 [](const QueryParameters& p) { static_cast<void>(p.flag("all")); }) == "/all");
  for (const char* limit : {"0", "11", "-1", "3.5", "many", ""}) {
    INFO(limit);
    CHECK(fault_of("{\"limit\":\"" + std::string(limit) + "\"}", [](const QueryParameters& p) {
            static_cast<void>(p.number("limit", 5, 1, 10));
          }) == "/limit");
  }
  CHECK(fault_of("[]", [](const QueryParameters&) {}).empty());
}

}  // namespace
}  // namespace aev::analytics
