#include "ingest_fixture.h"

namespace aev::ingest::testing {
namespace {

http::Response report(Ingest& ingest, const std::string& kind, std::string body) {
  FakeExchange exchange("application/json", std::move(body));
  exchange.path_text = "/v1/security/" + kind;
  return ingest.serve(exchange);
}

TEST_CASE("a report becomes an event of its own type", "[ingest]") {
  Ingest ingest;
  auto response = report(ingest, "auth-failures",
                         R"({"user_id":"ada","reason":"expired","ip_address":"::1","id":"e1",)"
                         R"("source":"sso","timestamp":"2026-03-01T12:00:00Z","realm":"x"})");
  INFO(response.body);
  REQUIRE(response.status == 202);
  CHECK(response.body == R"({"accepted":1,"duplicates":0,"ids":["e1"]})");
  REQUIRE(ingest.store.stored.size() == 1);
  const events::Event& event = *ingest.store.stored[0].event;
  CHECK(event.event_type() == "auth_failure");
  CHECK(event.id() == "e1");
  CHECK(event.source() == "sso");
  CHECK(event.time_unix_ns() == 1'772'366'400'000'000'000);
  CHECK(event.data() == R"({"user_id":"ada","reason":"expired","ip_address":"::1","realm":"x"})");

  response = report(ingest, "suspicious-activity",
                    R"({"user_id":"ada","activity_type":"scan","metadata":{"n":[1,2]}})");
  REQUIRE(response.status == 202);
  CHECK(ingest.store.stored[1].event->event_type() == "suspicious_activity");
}

TEST_CASE("credentials of a report are masked before it is stored", "[ingest]") {
  Ingest ingest;
  const std::string key = std::string("AKIA") + "IOSFODNN7EXAMPLE";
  const auto response = report(ingest, "suspicious-activity",
                               R"({"user_id":"ada","activity_type":"leak of )" + key +
                                   R"(","metadata":{"password":"p","deep":[{"token":"t"}]}})");
  REQUIRE(response.status == 202);
  const std::string_view data = ingest.store.stored[0].event->data();
  INFO(data);
  CHECK_FALSE(contains(data, key));
  CHECK(contains(data, "leak of AKIA[masked:"));
  CHECK(contains(data, R"("metadata":{"password":"[masked]","deep":[{"token":"[masked]"}]})"));
}

TEST_CASE("a bad report is refused with the field and what was expected", "[ingest]") {
  Ingest ingest;

  struct Bad {
    const char* body;
    int status;
    const char* pointer;
    const char* words;
  };

  for (const Bad& bad : {
           Bad{"{}", 422, "/user_id", "user_id is missing: expected a string"},
           Bad{R"({"user_id":null})", 422, "/user_id", "missing"},
           Bad{R"({"user_id":1})", 422, "/user_id", "expected a string"},
           Bad{R"({"user_id":""})", 400, "/user_id", "1 to 256 bytes"},
           Bad{R"({"user_id":"a"})", 422, "/reason", "missing"},
           Bad{R"({"user_id":"a","reason":"b","ip_address":"300.1.1.1"})", 400, "/ip_address",
               "IP address"},
           Bad{R"({"user_id":"a","reason":"b","ip_address":"::1","severity":"worst"})", 400,
               "/severity", "critical, high, medium, low, info"},
           Bad{R"({"user_id":"a","reason":"b","ip_address":"::1","metadata":[]})", 422, "/metadata",
               "object"},
           Bad{R"({"user_id":"a","reason":"b","ip_address":"::1","user_id":"b"})", 400, "/user_id",
               "twice"},
           Bad{R"({"user_id":"a","reason":"b","ip_address":"::1","timestamp":"soon"})", 400,
               "/timestamp", "RFC 3339"},
           Bad{R"({"user_id":"a","reason":"b","ip_address":"::1","id":""})", 400, "/id",
               "1 to 256"},
           Bad{"[]", 422, "", "one report"},
           Bad{"{\"user_id\":", 400, "", ""},
           Bad{"nothing", 400, "", ""},
       }) {
    const auto response = report(ingest, "auth-failures", bad.body);
    INFO(bad.body << " -> " << response.body);
    CHECK(response.status == bad.status);
    CHECK(response.content_type == "application/problem+json");
    CHECK(contains(response.body, std::string("\"pointer\":\"") + bad.pointer + "\""));
    CHECK(contains(response.body, bad.words));
  }
  CHECK(ingest.store.stored.empty());
}

TEST_CASE("a report takes the limits and formats of ingest", "[ingest]") {
  Ingest ingest(IngestLimits{4096, 512});
  CHECK(report(ingest, "auth-failures", "{\"user_id\":\"" + std::string(600, 'x') + "\"}").status ==
        413);
  FakeExchange ndjson("application/x-ndjson", "{}");
  ndjson.path_text = "/v1/security/auth-failures";
  CHECK(ingest.serve(ndjson).status == 415);
  CHECK(report(ingest, "others", "{}").status == 404);
  FakeExchange get("", "");
  get.path_text = "/v1/security/auth-failures";
  get.method_name = "GET";
  CHECK(ingest.serve(get).status == 405);
  std::string deep = R"({"user_id":"a","activity_type":"b","metadata":{"a":)";
  deep += std::string(120, '[') + std::string(120, ']') + "}}";
  CHECK(report(ingest, "suspicious-activity", deep).status == 202);
}

}  // namespace
}  // namespace aev::ingest::testing
