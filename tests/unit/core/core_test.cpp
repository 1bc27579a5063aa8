#include <limits>
#include <memory>
#include <thread>
#include <unistd.h>
#include <vector>

#include <catch2/catch.hpp>

#include "core/clock.h"
#include "core/json_text.h"
#include "core/json_writer.h"
#include "core/log.h"
#include "core/metrics.h"
#include "core/result.h"
#include "core/snapshot.h"

namespace aev {
namespace {

TEST_CASE("RFC 3339 goes there and back") {
  for (const char* text : {"2026-03-01T12:00:00Z", "2026-03-01T12:00:00.123Z",
                           "1969-12-31T23:59:59.999999999Z", "2024-02-29T00:00:00.000001Z"}) {
    std::int64_t ns = 0;
    REQUIRE(parse_rfc3339(text, ns));
    CHECK(format_rfc3339(ns) == text);
  }
  std::int64_t ns = 0;
  REQUIRE(parse_rfc3339("2026-03-01 14:00:00+02:00", ns));
  CHECK(format_rfc3339(ns) == "2026-03-01T12:00:00Z");
  for (const char* text :
       {"", "2026-02-30T00:00:00Z", "2026-03-01T25:00:00Z", "now", "2026-03-01"}) {
    CHECK_FALSE(parse_rfc3339(text, ns));
  }
}

TEST_CASE("JSON strings are escaped and always valid UTF-8") {
  CHECK(json_string("a\"\\\n\x01") == R"("a\"\\\n\u0001")");
  CHECK(json_string("\xc3\xa9\xf0\x9f\x98\x80") == "\"\xc3\xa9\xf0\x9f\x98\x80\"");
  CHECK(is_utf8(json_string("\xff\xc0\xaf\xed\xa0\x80")));
  CHECK_FALSE(is_utf8("\xed\xa0\x80"));
}

TEST_CASE("the JSON writer sets commas and nothing else") {
  JsonWriter json;
  json.begin_object().field("a", 1).key("b").begin_array().value("x").null().end_array();
  json.field("c", std::numeric_limits<double>::infinity()).field("d", true).end_object();
  CHECK(json.take() == R"({"a":1,"b":["x",null],"c":null,"d":true})");
}

TEST_CASE("errors pass through AEV_ASSIGN and AEV_RETURN_IF_ERROR") {
  const auto fails = []() -> Result<int> { return Error{ErrorCode::kBusy, "no", "/x"}; };
  const auto passes_on = [&]() -> Result<std::string> {
    AEV_ASSIGN(const int number, fails());
    return std::to_string(number);
  };
  const auto result = passes_on();
  REQUIRE_FALSE(result);
  CHECK(result.error().code == ErrorCode::kBusy);
  CHECK(result.error().pointer == "/x");
}

TEST_CASE("metrics share series, refuse clashes and bound their number") {
  Metrics metrics;
  metrics.counter("aragora_a_total", "A", {{"x", "1"}}).add();
  metrics.counter("aragora_a_total", "A", {{"x", "1"}}).add(2);
  CHECK(metrics.expose().find("aragora_a_total{x=\"1\"} 3") != std::string::npos);
  metrics.gauge("aragora_a_total", "a clash is ignored").set(7);
  metrics.counter("not a name", "").add();
  for (std::size_t i = 0; i < Metrics::kMaxSeriesPerFamily + 50; ++i) {
    metrics.counter("aragora_b_total", "B", {{"x", std::to_string(i)}}).add();
  }
  CHECK(metrics.expose().find("aragora_b_total{x=\"other\"} 50") != std::string::npos);
}

TEST_CASE("log lines are text or JSON, one write each") {
  int ends[2];
  REQUIRE(pipe(ends) == 0);
  Log log(ends[1], LogLevel::kInfo, LogFormat::kJson);
  const Logger logger(log, "test");
  logger.debug("not shown");
  logger.info("hello", {{"n", 3}, {"s", "a \"b\""}});
  char buffer[512];
  const ssize_t count = read(ends[0], buffer, sizeof(buffer));
  REQUIRE(count > 0);
  const std::string line(buffer, static_cast<std::size_t>(count));
  CHECK(line.find(R"("n":3)") != std::string::npos);
  CHECK(line.find(R"("s":"a \"b\"")") != std::string::npos);
  CHECK(line.find("not shown") == std::string::npos);
  CHECK(line.back() == '\n');
  close(ends[0]);
  close(ends[1]);
}

TEST_CASE("a snapshot stays with whoever took it while another is put in its place") {
  Snapshot<std::vector<int>> place;
  CHECK(place.load() == nullptr);
  place.store(std::make_shared<const std::vector<int>>(64, 0));
  const auto first = place.load();
  std::thread writer([&] {
    for (int i = 1; i <= 1000; ++i) {
      place.store(std::make_shared<const std::vector<int>>(64, i));
    }
  });
  int last = 0;
  while (last < 1000) {
    const auto now = place.load();
    REQUIRE(now->front() == now->back());
    REQUIRE(now->front() >= last);
    last = now->front();
  }
  writer.join();
  CHECK(first->back() == 0);
}

}  // namespace
}  // namespace aev
