#include "ingest_fixture.h"

using namespace aev;
using namespace aev::ingest::testing;

namespace {

std::string event(const std::string& id, const std::string& type = "a") {
  return R"({"event_type":")" + type + R"(","id":")" + id + "\"}";
}

}  // namespace

TEST_CASE("an event is answered 202 after it is stored, with its id", "[ingest]") {
  Ingest ingest;
  const auto response = ingest.json(event("e1"));
  CHECK(response.status == 202);
  CHECK(response.content_type == "application/json");
  CHECK(response.body == R"({"accepted":1,"duplicates":0,"ids":["e1"]})");
  CHECK(ingest.store.stored.size() == 1);
}

TEST_CASE("the same id again is a duplicate, answered 202", "[ingest]") {
  Ingest ingest;
  ingest.json(event("e1"));
  CHECK(ingest.json(event("e1")).body == R"({"accepted":1,"duplicates":1,"ids":["e1"]})");
  CHECK(ingest.json("[" + event("e1") + "," + event("e2") + "]").body ==
        R"({"accepted":2,"duplicates":1,"ids":["e1","e2"]})");
  CHECK(contains(ingest.metrics.expose(), "aragora_ingest_duplicates_total 2"));
  CHECK(contains(ingest.metrics.expose(), "aragora_ingest_events_total{format=\"json\"} 4"));
}

TEST_CASE("an id is escaped in the answer", "[ingest]") {
  Ingest ingest;
  CHECK(contains(ingest.json(R"({"event_type":"a","id":"a\"\\b"})").body, R"(["a\"\\b"])"));
}

TEST_CASE("each event is routed; one that nobody gets is stored as well", "[ingest]") {
  Ingest ingest;
  ingest.json("[" + event("1", "routed.x") + "," + event("2", "other") + "]");
  REQUIRE(ingest.store.stored.size() == 2);
  CHECK(ingest.store.stored[0].targets->contains(7));
  CHECK(ingest.store.stored[1].targets->ids().empty());
  CHECK(ingest.store.appends == std::vector<std::size_t>{2});
}

TEST_CASE("a batch is all or nothing and names the bad event", "[ingest]") {
  Ingest ingest;
  const auto response = ingest.json("[" + event("1") + ",{\"event_type\":7}," + event("3") + "]");
  CHECK(response.status == 422);
  CHECK(contains(response.body, R"("index":1)"));
  CHECK(contains(response.body, R"("pointer":"/event_type")"));
  CHECK(ingest.store.appends.empty());
  const auto element = ingest.json("[" + event("1") + ",7]");
  CHECK(element.status == 422);
  CHECK(contains(element.body, R"("index":1)"));
  const auto later = ingest.json("[" + event("1") + "," + event("2") + ",{\"event_type\":tru}]");
  CHECK(later.status == 400);
  CHECK(contains(later.body, R"("index":2)"));
  CHECK(ingest.store.appends.empty());
}

TEST_CASE("a partial batch stores the good ones and lists the bad", "[ingest]") {
  Ingest ingest;
  const auto response = ingest.json(
      "[" + event("1") + ",{\"event_type\":7},null," + event("3") + "]", "x=y&partial=true");
  CHECK(response.status == 202);
  INFO(response.body);
  CHECK(contains(response.body, R"("accepted":2,"duplicates":0,"ids":["1","3"],"rejected":2)"));
  CHECK(contains(response.body, R"({"index":1,"pointer":"/event_type","detail":)"));
  CHECK(contains(response.body, R"({"index":2,"pointer":"","detail":)"));
  // What is no JSON has no good part.
  CHECK(ingest.json("[" + event("4") + ",{]", "partial=true").status == 400);
  CHECK(ingest.json("{}", "partial=true").status == 422);
  CHECK(ingest.store.stored.size() == 2);
}

TEST_CASE("an empty array is fine, an empty body is not", "[ingest]") {
  Ingest ingest;
  CHECK(ingest.json("[]").body == R"({"accepted":0,"duplicates":0,"ids":[]})");
  CHECK(ingest.json(" [ ] ").status == 202);
  CHECK(ingest.json("").status == 400);
  CHECK(ingest.json("   ").status == 400);
  CHECK(ingest.store.appends.empty());
}

TEST_CASE("sizes are bounded: body and event", "[ingest]") {
  ingest::IngestLimits limits;
  limits.max_body_bytes = 400;
  limits.max_event_bytes = 100;
  Ingest ingest(limits);
  CHECK(ingest.json(std::string(401, ' ')).status == 413);
  const std::string large = R"({"event_type":"a","data":")" + std::string(100, 'x') + "\"}";
  CHECK(ingest.json(large).status == 413);
  CHECK(contains(ingest.json("[" + event("1") + "," + large + "]").body, R"("index":1)"));
  CHECK(ingest.json("[" + event("1") + "," + event("2") + "]").status == 202);
  CHECK(contains(ingest.metrics.expose(), "aragora_ingest_rejected_total{reason=\"too_large\"} 3"));
}

TEST_CASE("other content types are 415 and the known ones are listed", "[ingest]") {
  Ingest ingest;
  for (const char* type : {"", "text/plain", "application/x-www-form-urlencoded"}) {
    const auto response = ingest.post(type, event("1"));
    CHECK(response.status == 415);
    CHECK(contains(response.body, "application/x-ndjson"));
  }
  FakeExchange packed("application/json", event("1"));
  packed.headers.emplace_back("Content-Encoding", "gzip");
  CHECK(ingest.serve(packed).status == 415);
  CHECK(ingest.store.stored.empty());
}

TEST_CASE("other methods and paths are refused", "[ingest]") {
  Ingest ingest;
  FakeExchange get("", "");
  get.method_name = "GET";
  const auto response = ingest.serve(get);
  CHECK(response.status == 405);
  CHECK(response.headers.at("Allow") == "POST");
  FakeExchange elsewhere("application/json", event("1"));
  elsewhere.path_text = "/v1/other";
  CHECK(ingest.serve(elsewhere).status == 404);
}

TEST_CASE("a busy store is 503, a full one 507, each with Retry-After", "[ingest]") {
  Ingest ingest;
  ingest.store.refuse = Error{ErrorCode::kBusy, "the queue is full", {}};
  const auto busy = ingest.json(event("1"));
  CHECK(busy.status == 503);
  CHECK(busy.headers.at("Retry-After") == "1");
  ingest.store.refuse = Error{ErrorCode::kFull, "the disk is full", {}};
  const auto full = ingest.json(event("1"));
  CHECK(full.status == 507);
  CHECK(full.headers.count("Retry-After") == 1);
  ingest.store.refuse.reset();
  CHECK(ingest.json(event("1")).body == R"({"accepted":1,"duplicates":0,"ids":["1"]})");
}

TEST_CASE("a body that breaks off is 408 and nothing is stored", "[ingest]") {
  Ingest ingest;
  FakeExchange exchange("application/json", event("1"));
  exchange.breaks_off = true;
  CHECK(ingest.serve(exchange).status == 408);
  CHECK(ingest.store.appends.empty());
}

TEST_CASE("invalid UTF-8 anywhere is 400", "[ingest]") {
  Ingest ingest;
  for (const std::string body :
       {"{\"event_type\":\"a\",\"data\":\"\xff\"}", "{\"event_type\":\"a\",\"\xc3\x28\":1}",
        "{\"event_type\":\"a\",\"data\":{\"x\":[\"\xed\xa0\x80\"]}}"}) {
    CHECK(ingest.json(body).status == 400);
  }
  CHECK(ingest.store.stored.empty());
}
