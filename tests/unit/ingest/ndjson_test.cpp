#include "ingest_fixture.h"

using namespace aev;
using namespace aev::ingest::testing;

namespace {

const std::string kNdjson = "application/x-ndjson";

std::string line(int id) {
  return R"({"event_type":"a","id":"e)" + std::to_string(id) + "\"}\n";
}

std::string lines(int count) {
  std::string text;
  for (int i = 0; i < count; ++i) {
    text += line(i);
  }
  return text;
}

}  // namespace

TEST_CASE("lines are stored in order, blank ones skipped, the last without its end", "[ingest]") {
  Ingest ingest;
  std::string body = line(1) + "\n  \r\n" + line(2) + line(3);
  body.pop_back();
  const auto response = ingest.post(kNdjson, body);
  CHECK(response.status == 202);
  CHECK(response.body == R"({"accepted":3,"duplicates":0,"ids":["e1","e2","e3"]})");
  CHECK(ingest.post(kNdjson, "").body == R"({"accepted":0,"duplicates":0,"ids":[]})");
}

TEST_CASE("a long stream is stored in slices, in pieces of any size", "[ingest]") {
  for (const std::size_t piece : {1u, 13u, 4096u, 1u << 20}) {
    Ingest ingest;
    FakeExchange exchange(kNdjson, lines(1234));
    exchange.piece = piece;
    const auto response = ingest.serve(exchange);
    CHECK(response.status == 202);
    // Too many for a list of ids.
    CHECK(response.body == R"({"accepted":1234,"duplicates":0})");
    CHECK(ingest.store.stored.size() == 1234);
    CHECK(ingest.store.stored.back().event->id() == "e1233");
    CHECK(ingest.store.appends == std::vector<std::size_t>{500, 500, 234});
  }
}

TEST_CASE("slices are bounded in bytes as well", "[ingest]") {
  Ingest ingest;
  std::string body;
  for (int i = 0; i < 30; ++i) {
    body += R"({"event_type":"a","data":")" + std::string(100'000, 'x') + "\"}\n";
  }
  CHECK(ingest.post(kNdjson, body).status == 202);
  CHECK(ingest.store.stored.size() == 30);
  CHECK(ingest.store.appends.size() >= 2);
}

TEST_CASE("the first bad line ends the stream; what came before stays", "[ingest]") {
  Ingest ingest;
  const auto response =
      ingest.post(kNdjson, lines(700) + "\n" + R"({"event_type":5})" + "\n" + line(9000));
  CHECK(response.status == 422);
  INFO(response.body);
  CHECK(contains(response.body, R"("line":702)"));
  CHECK(contains(response.body, R"("index":700)"));
  CHECK(contains(response.body, R"("pointer":"/event_type")"));
  CHECK(contains(response.body, R"("accepted":700)"));
  CHECK(contains(response.body, "expected a string"));
  CHECK(ingest.store.stored.size() == 700);
}

TEST_CASE("malformed lines of every sort are named", "[ingest]") {
  for (const std::string bad :
       {"{", "[]", "5", "{\"event_type\":\"a\"} x", "\xff", "{\"event_type\""}) {
    Ingest ingest;
    CAPTURE(bad);
    const auto response = ingest.post(kNdjson, line(1) + bad + "\n" + line(2));
    CHECK((response.status == 400 || response.status == 422));
    CHECK(contains(response.body, R"("line":2)"));
    CHECK(ingest.store.stored.size() == 1);
  }
}

TEST_CASE("with partial=true bad lines are listed and the rest stored", "[ingest]") {
  Ingest ingest;
  const auto response =
      ingest.post(kNdjson, line(1) + "{}\n" + line(2) + "nonsense\n" + line(3), "partial=true");
  CHECK(response.status == 202);
  CHECK(contains(response.body, R"("accepted":3)"));
  CHECK(contains(response.body, R"("rejected":2)"));
  CHECK(contains(response.body, R"({"index":1,"pointer":"/event_type")"));
  CHECK(contains(response.body, R"({"index":3,"pointer":"")"));
}

TEST_CASE("an overlong line ends the stream, whatever its length", "[ingest]") {
  ingest::IngestLimits limits;
  limits.max_event_bytes = 1000;
  for (const char* query : {"", "partial=true"}) {
    Ingest ingest(limits);
    const auto response =
        ingest.post(kNdjson, line(1) + std::string(300'000, 'x') + "\n" + line(2), query);
    if (*query == '\0') {
      CHECK(response.status == 413);
      CHECK(contains(response.body, R"("line":2)"));
      CHECK(ingest.store.stored.size() == 1);
    }
  }
  Ingest unending(limits);
  FakeExchange exchange(kNdjson, std::string(5'000'000, 'x'));
  exchange.piece = 1000;
  CHECK(unending.serve(exchange).status == 413);
}

TEST_CASE("a stream that breaks off tells what is stored", "[ingest]") {
  Ingest ingest;
  FakeExchange exchange(kNdjson, lines(600));
  exchange.breaks_off = true;
  const auto response = ingest.serve(exchange);
  CHECK(response.status == 408);
  CHECK(contains(response.body, R"("accepted":500)"));
  CHECK(contains(response.body, R"("line":501)"));
  CHECK(ingest.store.stored.size() == 500);
}

TEST_CASE("a store that is full ends the stream with what is stored", "[ingest]") {
  Ingest ingest;
  ingest.store.refuse = Error{ErrorCode::kFull, "the store is full", {}};
  ingest.store.refuse_after = 1;
  const auto response = ingest.post(kNdjson, lines(600));
  CHECK(response.status == 507);
  CHECK(contains(response.body, R"("accepted":500)"));
  CHECK(response.headers.at("Retry-After") == "30");
}
