#include "ingest/cloud_event.h"

#include "ingest_fixture.h"

using namespace aev;
using namespace aev::ingest::testing;

namespace {

const std::string kStructured = "application/cloudevents+json";
const std::string kBatch = "application/cloudevents-batch+json";

FakeExchange binary(std::string type, std::string body) {
  FakeExchange exchange(std::move(type), std::move(body));
  exchange.headers.insert(
      exchange.headers.end(),
      {{"CE-SpecVersion", "1.0"}, {"ce-id", "b1"}, {"ce-type", "vote"}, {"ce-source", "/s"}});
  return exchange;
}

}  // namespace

TEST_CASE("structured mode maps every attribute", "[ingest]") {
  Ingest ingest;
  const auto event = ingest.take(
      kStructured,
      R"({"specversion":"1.0","id":"c1","source":"/agents/1","type":"com.example.vote",)"
      R"("subject":"d1","time":"2026-03-01T12:00:00Z","datacontenttype":"application/json",)"
      R"("traceparent":"00-ab-cd-01","level":3,"nothing":null,"data":{ "a": 1.0 }})");
  CHECK(event->id() == "c1");
  CHECK(event->source() == "/agents/1");
  CHECK(event->event_type() == "com.example.vote");
  CHECK(event->debate_id() == "d1");
  CHECK(event->time_unix_ns() == 1'772'366'400'000'000'000);
  CHECK(event->data() == "{ \"a\": 1.0 }");
  CHECK(event->attribute("traceparent") == "\"00-ab-cd-01\"");
  CHECK(event->attribute("level") == "3");
  CHECK(event->attributes().size() == 2);
}

TEST_CASE("debateid goes before subject", "[ingest]") {
  Ingest ingest;
  const auto event = ingest.take(
      kStructured,
      R"({"specversion":"1.0","id":"1","source":"s","type":"t","subject":"x\"y","debateid":"d2"})");
  CHECK(event->debate_id() == "d2");
  CHECK(event->attribute("subject") == R"("x\"y")");
}

TEST_CASE("data of other types, as text or base64", "[ingest]") {
  Ingest ingest;
  const std::string head = R"({"specversion":"1.0","source":"s","type":"t","id":)";
  const auto xml =
      ingest.take(kStructured, head + R"("1","datacontenttype":"text/xml","data":"<a>\n</a>"})");
  CHECK(xml->data() == "<a>\n</a>");
  CHECK(xml->content_type() == "text/xml");
  const auto text = ingest.take(kStructured, head + R"("2","data":"plain"})");
  CHECK(text->data() == "\"plain\"");
  CHECK(text->content_type() == "application/json");
  const auto bytes = ingest.take(kStructured, head + R"("3","data_base64":"AAEC"})");
  CHECK(bytes->data() == std::string_view("\0\1\2", 3));
  CHECK(bytes->content_type() == "application/octet-stream");
  const auto none = ingest.take(kStructured, head + R"("4"})");
  CHECK(none->data().empty());
  CHECK(ingest.post(kStructured, head + R"("5","data":1,"data_base64":"AAEC"})").status == 422);
  CHECK(ingest.post(kStructured, head + R"("6","data_base64":"A*"})").status == 400);
  CHECK(ingest
            .post(kStructured,
                  head + R"("7","datacontenttype":"application/json","data_base64":"AAEC"})")
            .status == 400);
}

TEST_CASE("required attributes are asked for by name", "[ingest]") {
  Ingest ingest;
  const auto refused = [&](const std::string& body, int status, const std::string& pointer) {
    const auto response = ingest.post(kStructured, body);
    INFO(response.body);
    CHECK(response.status == status);
    CHECK(contains(response.body, "\"pointer\":\"" + pointer + "\""));
  };
  refused(R"({"id":"1","source":"s","type":"t"})", 422, "/specversion");
  refused(R"({"specversion":"0.3","id":"1","source":"s","type":"t"})", 422, "/specversion");
  refused(R"({"specversion":"1.0","source":"s","type":"t"})", 422, "/id");
  refused(R"({"specversion":"1.0","id":"1","type":"t"})", 422, "/source");
  refused(R"({"specversion":"1.0","id":"1","source":"s"})", 422, "/type");
  refused(R"({"specversion":"1.0","id":"1","source":"s","type":"a b"})", 400, "/type");
  refused(R"({"specversion":"1.0","id":"1","source":"s","type":"t","time":"noon"})", 400, "/time");
  refused(R"({"specversion":"1.0","id":"1","source":"s","type":"t","Bad_Name":"x"})", 400,
          "/Bad_Name");
  refused(R"({"specversion":"1.0","id":"1","source":"s","type":"t","ext":{}})", 422, "/ext");
  CHECK(ingest.store.stored.empty());
}

TEST_CASE("batched mode takes an array only, structured an object only", "[ingest]") {
  Ingest ingest;
  const std::string one = R"({"specversion":"1.0","id":"1","source":"s","type":"t"})";
  const std::string two = R"({"specversion":"1.0","id":"2","source":"s","type":"t"})";
  CHECK(ingest.post(kBatch, "[" + one + "," + two + "]").status == 202);
  CHECK(ingest.store.stored.size() == 2);
  CHECK(ingest.post(kBatch, "[]").body == R"({"accepted":0,"duplicates":0,"ids":[]})");
  CHECK(ingest.post(kBatch, one).status == 422);
  CHECK(ingest.post(kStructured, "[" + one + "]").status == 422);
}

TEST_CASE("binary mode: headers are attributes, the body is the data", "[ingest]") {
  Ingest ingest;
  FakeExchange exchange = binary("image/png", std::string("\x89PNG\0\xff", 6));
  exchange.headers.emplace_back("ce-subject", "Euro%20%E2%82%AC%20%F0%9F%98%80");
  exchange.headers.emplace_back("Ce-Note", "\"quoted\"");
  exchange.headers.emplace_back("ce-time", "2026-03-01T12:00:00Z");
  REQUIRE(ingest.serve(exchange).status == 202);
  const auto event = ingest.store.stored.back().event;
  CHECK(event->id() == "b1");
  CHECK(event->event_type() == "vote");
  CHECK(event->debate_id() == "Euro \xE2\x82\xAC \xF0\x9F\x98\x80");
  CHECK(event->attribute("note") == "\"quoted\"");
  CHECK(event->content_type() == "image/png");
  CHECK(event->data() == std::string_view("\x89PNG\0\xff", 6));
  CHECK(event->time_unix_ns() == 1'772'366'400'000'000'000);
}

TEST_CASE("binary mode: JSON bodies must be JSON", "[ingest]") {
  Ingest ingest;
  FakeExchange good = binary("application/json", " {\"a\": 1} ");
  REQUIRE(ingest.serve(good).status == 202);
  CHECK(ingest.store.stored.back().event->data() == " {\"a\": 1} ");
  FakeExchange bad = binary("application/json", "{\"a\": }");
  CHECK(ingest.serve(bad).status == 400);
  FakeExchange encoded = binary("text/plain", "x");
  encoded.headers.emplace_back("ce-note", "%C0%A0");
  CHECK(ingest.serve(encoded).status == 400);
  FakeExchange type_twice = binary("text/plain", "x");
  type_twice.headers.emplace_back("ce-datacontenttype", "text/plain");
  CHECK(ingest.serve(type_twice).status == 400);
  FakeExchange repeated = binary("text/plain", "x");
  repeated.headers.emplace_back("CE-ID", "again");
  CHECK(ingest.serve(repeated).status == 400);
  CHECK(ingest.store.stored.size() == 1);
}

TEST_CASE("header values are decoded in exactly one round", "[ingest]") {
  std::string out;
  CHECK(ingest::decode_header_value("%2541", out));
  CHECK(out == "%41");
  CHECK(ingest::decode_header_value("a%2fB%zz%4", out));
  CHECK(out == "a/B%zz%4");
  CHECK(ingest::decode_header_value(R"("a \"b\" %41")", out));
  CHECK(out == "a \"b\" A");
  CHECK_FALSE(ingest::decode_header_value("%ff", out));
}
