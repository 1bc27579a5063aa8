#include "ingest_fixture.h"

using namespace aev;
using namespace aev::ingest::testing;

TEST_CASE("the stream envelope is known by type without event_type", "[ingest]") {
  Ingest ingest;
  const auto event = ingest.take(
      "application/json",
      R"({"type": "agent_message", "data": {"content": "hi"}, "timestamp": 1772366400.123456, )"
      R"("round": 2, "agent": "claude", "seq": 41, "agent_seq": 7, "loop_id": "d9", )"
      R"("task_id": "t1", "correlation_id": "c"})");
  CHECK(event->event_type() == "agent_message");
  CHECK(event->debate_id() == "d9");
  CHECK(event->data() == R"({"content": "hi"})");
  CHECK(event->time_unix_ns() == 1'772'366'400'123'456'000);
  CHECK(event->attribute("round") == "2");
  CHECK(event->attribute("agent") == "\"claude\"");
  CHECK(event->attribute("seq") == "41");
  CHECK(event->attribute("agent_seq") == "7");
  CHECK(event->attribute("task_id") == "\"t1\"");
  CHECK(event->attribute("correlation_id") == "\"c\"");
  CHECK(event->attribute("loop_id").empty());
  CHECK(event->attribute("type").empty());
}

TEST_CASE("type beside event_type is an attribute, and both debate names may stand", "[ingest]") {
  Ingest ingest;
  const auto event = ingest.take("application/json",
                                 R"({"event_type":"a","type":"b","debate_id":"d","loop_id":"l"})");
  CHECK(event->event_type() == "a");
  CHECK(event->attribute("type") == "\"b\"");
  CHECK(event->debate_id() == "d");
  CHECK(event->attribute("loop_id") == "\"l\"");
}

TEST_CASE("a bus event's flattened members become its data", "[ingest]") {
  Ingest ingest;
  const auto event = ingest.take("application/json",
                                 R"({"event_type":"vote","debate_id":"d1","timestamp":)"
                                 R"("2026-03-01T12:00:00.000001","vote": "yes" ,"confidence":0.90,)"
                                 R"("correlation_id":"c1","span_id":"s1"})");
  CHECK(event->event_type() == "vote");
  CHECK(event->debate_id() == "d1");
  CHECK(event->data() == R"({"vote":"yes","confidence":0.90,"debate_id":"d1"})");
  CHECK(event->attribute("correlation_id") == "\"c1\"");
  CHECK(event->attribute("span_id") == "\"s1\"");
  CHECK(event->attribute("vote").empty());
  CHECK(event->time_unix_ns() == 1'772'366'400'000'001'000);
}

TEST_CASE("an event with data, id or a numeric time is not a bus event", "[ingest]") {
  Ingest ingest;
  for (const char* body :
       {R"({"event_type":"a","debate_id":"d","timestamp":"2026-03-01T12:00:00Z","x":1,"data":{}})",
        R"({"event_type":"a","debate_id":"d","timestamp":"2026-03-01T12:00:00Z","x":1,"id":"i"})",
        R"({"event_type":"a","debate_id":"d","timestamp":1772366400,"x":1})"}) {
    CHECK(ingest.take("application/json", body)->attribute("x") == "1");
  }
}
