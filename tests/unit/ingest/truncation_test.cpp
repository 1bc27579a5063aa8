#include <random>

#include "ingest/json_event_reader.h"
#include "ingest_fixture.h"

using namespace aev;
using namespace aev::ingest::testing;

namespace {

struct Sample {
  const char* type;
  const char* body;
};

constexpr Sample kSamples[] = {
    {"application/json",
     R"({"id":"e1","event_type":"consensus","debate_id":"d","timestamp":1772366400.5,"data":{"a":[1,2.5e3,"x\u00e9\n",null,true]},"round":3})"},
    {"application/json",
     R"([{"event_type":"a","data":"x"},{"type":"vote","loop_id":"l","data":{"k":"\ud83d\ude00"}}])"},
    {"application/json",
     R"({"event_type":"vote","debate_id":"d1","timestamp":"2026-03-01T12:00:00Z","vote":"yes"})"},
    {"application/cloudevents+json",
     R"({"specversion":"1.0","id":"1","source":"s","type":"t","data_base64":"AAEC","ext":false})"},
    {"application/cloudevents-batch+json",
     R"([{"specversion":"1.0","id":"1","source":"s","type":"t","data":{"a":{"b":{}}}}])"},
};

}  // namespace

TEST_CASE("no beginning of a valid document is stored", "[ingest]") {
  for (const auto& sample : kSamples) {
    const std::string body = sample.body;
    for (std::size_t size = 0; size < body.size(); ++size) {
      Ingest ingest;
      CAPTURE(sample.type, size);
      const auto response = ingest.post(sample.type, body.substr(0, size));
      REQUIRE(response.status >= 400);
      REQUIRE(response.status < 500);
      REQUIRE(ingest.store.appends.empty());
    }
    Ingest ingest;
    REQUIRE(ingest.post(sample.type, body).status == 202);
  }
}

TEST_CASE("documents with garbage behind them are not stored", "[ingest]") {
  for (const auto& sample : kSamples) {
    for (const char* garbage : {"x", "{}", "[", "]", "}", ",", "null", "\"", "\\", "1"}) {
      Ingest ingest;
      CAPTURE(sample.type, garbage);
      REQUIRE(ingest.post(sample.type, std::string(sample.body) + garbage).status >= 400);
      REQUIRE(ingest.store.appends.empty());
    }
  }
}

TEST_CASE("damaged documents never crash, and what is stored is what check_json accepts",
          "[ingest]") {
  // The seed is fixed: the test is the same each time.
  std::minstd_rand random(20260301);
  for (const auto& sample : kSamples) {
    for (int round = 0; round < 2000; ++round) {
      std::string body = sample.body;
      const int changes = 1 + static_cast<int>(random() % 3);
      for (int i = 0; i < changes; ++i) {
        constexpr std::string_view kBytes = "{}[],:\"\\ 0e.-tfn\x80\xff\n";
        body[random() % body.size()] = kBytes[random() % kBytes.size()];
      }
      Ingest ingest;
      CAPTURE(body);
      const auto response = ingest.post(sample.type, body);
      REQUIRE((response.status == 202 || (response.status >= 400 && response.status < 500)));
      REQUIRE(ingest.store.appends.empty() == (response.status != 202));
      for (const auto& stored : ingest.store.stored) {
        if (stored.event->content_type() == "application/json" && !stored.event->data().empty()) {
          REQUIRE_FALSE(ingest::check_json(stored.event->data()));
        }
      }
    }
  }
}
