#include "core/clock.h"
#include "ingest/decode.h"
#include "ingest_fixture.h"

using namespace aev;
using namespace aev::ingest::testing;

namespace {

const std::string kJson = "application/json";

}  // namespace

TEST_CASE("a native event keeps every field and the payload's bytes", "[ingest]") {
  Ingest ingest;
  const auto event = ingest.take(
      kJson,
      R"({"id":"e1","event_type":"consensus","debate_id":"d1","source":"s","timestamp":)"
      R"("2026-03-01T12:00:00.5Z","data": { "confidence" : 0.80, "x":"\u00e9" } ,"round":3,"who":"a"})");
  CHECK(event->id() == "e1");
  CHECK(event->event_type() == "consensus");
  CHECK(event->debate_id() == "d1");
  CHECK(event->source() == "s");
  CHECK(event->data() == R"({ "confidence" : 0.80, "x":"\u00e9" })");
  CHECK(event->content_type() == "application/json");
  CHECK(event->time_unix_ns() == 1'772'366'400'500'000'000);
  CHECK(event->received_unix_ns() == kNow);
  CHECK(event->attribute("round") == "3");
  CHECK(event->attribute("who") == R"("a")");
  CHECK(event->attributes().size() == 2);
}

TEST_CASE("id and time are made when absent", "[ingest]") {
  Ingest ingest;
  const auto event = ingest.take(kJson, R"({"event_type":"vote","id":null})");
  CHECK(event->id().substr(0, 4) == "evt_");
  CHECK(event->id().size() == 30);
  CHECK(event->time_unix_ns() == kNow);
  CHECK(event->data().empty());
}

TEST_CASE("timestamps: Unix seconds to the nanosecond, and RFC 3339", "[ingest]") {
  Ingest ingest;
  const auto time = [&](const std::string& json) {
    return ingest.take(kJson, R"({"event_type":"t","timestamp":)" + json + "}")->time_unix_ns();
  };
  CHECK(time("1772366400") == 1'772'366'400'000'000'000);
  CHECK(time("1772366400.123456") == 1'772'366'400'123'456'000);
  CHECK(time("1772366400.1234567891") == 1'772'366'400'123'456'789);
  CHECK(time("-1.5") == -1'500'000'000);
  CHECK(time("1.5e3") == 1'500'000'000'000);
  CHECK(time("\"2026-03-01T13:00:00+01:00\"") == 1'772'366'400'000'000'000);
  CHECK(time("\"2026-03-01T12:00:00.000001\"") == 1'772'366'400'000'001'000);
  for (const char* bad : {"1772366400123", "1e300", "\"yesterday\"", "\"\"", "-9300000000"}) {
    CAPTURE(bad);
    const auto response = ingest.json(std::string(R"({"event_type":"t","timestamp":)") + bad + "}");
    CHECK(response.status == 400);
    CHECK(contains(response.body, R"("pointer":"/timestamp")"));
  }
  CHECK(ingest.json(R"({"event_type":"t","timestamp":true})").status == 422);
}

TEST_CASE("a missing or mistyped field is 422 with its pointer", "[ingest]") {
  Ingest ingest;
  const auto refused = [&](const std::string& body, const std::string& pointer) {
    const auto response = ingest.json(body);
    INFO(response.body);
    CHECK(response.status == 422);
    CHECK(response.content_type == "application/problem+json");
    CHECK(contains(response.body, "\"pointer\":\"" + pointer + "\""));
    CHECK(contains(response.body, "expected"));
  };
  refused("{}", "/event_type");
  refused(R"({"event_type":null})", "/event_type");
  refused(R"({"event_type":5})", "/event_type");
  refused(R"({"event_type":"a","id":5})", "/id");
  refused(R"({"event_type":"a","debate_id":["x"]})", "/debate_id");
  refused(R"({"event_type":"a","source":{}})", "/source");
  refused("5", "");
  refused("\"text\"", "");
  refused("null", "");
  CHECK(ingest.store.stored.empty());
}

TEST_CASE("a value out of its bounds is 400 with its pointer", "[ingest]") {
  Ingest ingest;
  const auto refused = [&](const std::string& body, const std::string& pointer) {
    const auto response = ingest.json(body);
    INFO(response.body);
    CHECK(response.status == 400);
    CHECK(contains(response.body, "\"pointer\":\"" + pointer + "\""));
  };
  refused(R"({"event_type":"a b"})", "/event_type");
  refused(R"({"event_type":")" + std::string(129, 'a') + "\"}", "/event_type");
  refused(R"({"event_type":"a","id":""})", "/id");
  refused(R"({"event_type":"a","id":"a\nb"})", "/id");
  refused(R"({"event_type":"a","id":"a\u0085b"})", "/id");
  refused(R"({"event_type":"a","id":")" + std::string(257, 'a') + "\"}", "/id");
  refused(R"({"event_type":"a","debate_id":")" + std::string(257, 'a') + "\"}", "/debate_id");
  refused(R"({"event_type":"a","event_type":"b"})", "/event_type");
  refused(R"({"event_type":"a","x/y~":1,"x/y~":2})", "/x~1y~0");
  refused(R"({"event_type":"a","":1})", "/");
  CHECK(ingest.store.stored.empty());
}

TEST_CASE("the bounds themselves are allowed", "[ingest]") {
  Ingest ingest;
  CHECK(ingest.take(kJson, R"({"event_type":")" + std::string(128, 'a') + "\"}"));
  CHECK(ingest.take(kJson, R"({"event_type":"A-z_0.:/","id":")" + std::string(256, 'i') + "\"}"));
  CHECK(ingest.take(kJson, R"({"event_type":"a","id":"Gr\u00fc\u00dfe"})")->id() ==
        "Gr\xc3\xbc\xc3\x9f"
        "e");
}

TEST_CASE("data may be any JSON value and is kept exactly", "[ingest]") {
  Ingest ingest;
  for (const std::string data :
       {"null", "0", "-1.50E+2", "\"text \\u0041\"", "[ 1,2 ]", "{}", "true"}) {
    CHECK(ingest.take(kJson, R"({"event_type":"a","data":)" + data + "}")->data() == data);
  }
}

TEST_CASE("the canonical form of other data is read back", "[ingest]") {
  Ingest ingest;
  const auto text =
      ingest.take(kJson, R"({"event_type":"a","data":"a\nb","content_type":"text/plain"})");
  CHECK(text->data() == "a\nb");
  CHECK(text->content_type() == "text/plain");
  const auto bytes =
      ingest.take(kJson, R"({"event_type":"a","data_base64":"AP8=","content_type":"image/png"})");
  CHECK(bytes->data() == std::string_view("\0\xff", 2));
  CHECK(ingest.json(R"({"event_type":"a","data_base64":"A"})").status == 400);
  CHECK(ingest.json(R"({"event_type":"a","data_base64":"AA==","data":1})").status == 422);
}

TEST_CASE("a CloudEvent under application/json is told where to go", "[ingest]") {
  Ingest ingest;
  const auto response = ingest.json(R"({"specversion":"1.0","type":"a","id":"1","source":"s"})");
  CHECK(response.status == 422);
  CHECK(contains(response.body, "application/cloudevents+json"));
}

TEST_CASE("decode_event serves tools", "[ingest]") {
  const auto event = ingest::decode_event(R"({"event_type":"a","data":[1]})", 5);
  REQUIRE(event.ok());
  CHECK((*event)->data() == "[1]");
  CHECK((*event)->time_unix_ns() == 5);
  const auto missing = ingest::decode_event(R"({"data":[1]})", 5);
  REQUIRE_FALSE(missing.ok());
  CHECK(missing.error().pointer == "/event_type");
  CHECK_FALSE(ingest::decode_event("[]", 5).ok());
  CHECK_FALSE(ingest::decode_event("", 5).ok());
  CHECK_FALSE(ingest::decode_event("{", 5).ok());
}
