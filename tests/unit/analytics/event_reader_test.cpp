#include "event_reader.h"

#include <algorithm>

#include <catch2/catch.hpp>

#include <aev/fake_host.hpp>

namespace aev::analytics {
namespace {

struct Reading {
  EventReader reader;
  std::vector<aev_attr> attributes;
  aev_event raw{};

  const EventReading& of(const sdk::FakeEvent& event) {
    attributes.clear();
    for (const auto& [name, value] : event.attributes) {
      attributes.push_back({sdk::str(name), sdk::str(value)});
    }
    raw.event_type = sdk::str(event.event_type);
    raw.debate_id = sdk::str(event.debate_id);
    raw.content_type = sdk::str(event.content_type);
    raw.data = aev_bytes{event.data.data(), event.data.size()};
    raw.attributes = attributes.data();
    raw.attribute_count = static_cast<std::uint32_t>(attributes.size());
    return reader.read(sdk::Event(&raw));
  }
};

template <typename T>
std::optional<T> fact(const EventReading& reading, Fact which) {
  for (const auto& [name, value] : reading.facts) {
    if (name == which) {
      return std::get<T>(value);
    }
  }
  return std::nullopt;
}

sdk::FakeEvent event(std::string type, std::string data) {
  sdk::FakeEvent made;
  made.event_type = std::move(type);
  made.data = std::move(data);
  return made;
}

TEST_CASE("both spellings say the same") {
  Reading reading;
  for (const char* data :
       {R"({"consensus_reached":true,"confidence":0.5})", R"({"reached":true,"confidence":0.5})"}) {
    const EventReading& consensus = reading.of(event("consensus", data));
    CHECK(fact<std::int64_t>(consensus, Fact::kConsensus) == 1);
    CHECK(fact<double>(consensus, Fact::kConfidence) == 0.5);
  }
  for (const char* data : {R"({"question":"q"})", R"({"task":"q"})"}) {
    CHECK(fact<std::string>(reading.of(event("debate_start", data)), Fact::kTask) == "q");
  }
  for (const char* data :
       {R"({"rounds_used":3,"duration_seconds":9})", R"({"rounds":3,"duration":9})"}) {
    const EventReading& end = reading.of(event("debate_end", data));
    CHECK(fact<std::int64_t>(end, Fact::kRoundsUsed) == 3);
    CHECK(fact<double>(end, Fact::kDuration) == 9);
  }
  for (const char* data :
       {R"({"voter_agent":"ada","voted_for":"bob"})", R"({"agent":"ada","vote":"bob"})"}) {
    const EventReading& vote = reading.of(event("vote", data));
    CHECK(vote.agent == "ada");
    CHECK(vote.choice == "bob");
  }
  for (const char* data :
       {R"({"critic_agent":"ada","round_number":2})", R"({"agent":"ada","round":2})"}) {
    const EventReading& critique = reading.of(event("critique", data));
    CHECK(critique.agent == "ada");
    CHECK(critique.round == 2);
  }
}

TEST_CASE("the schema's spelling counts where both are there, in whatever order") {
  Reading reading;
  for (const char* data : {R"({"consensus_reached":false,"reached":true})",
                           R"({"reached":true,"consensus_reached":false})"}) {
    CHECK(fact<std::int64_t>(reading.of(event("consensus", data)), Fact::kConsensus) == 0);
  }
  const auto& null = reading.of(event("consensus", R"({"consensus_reached":null,"reached":true})"));
  CHECK(fact<std::int64_t>(null, Fact::kConsensus) == 1);
}

TEST_CASE("what the data leaves out the envelope may say") {
  Reading reading;
  sdk::FakeEvent message = event("agent_message", R"({"content":"hello"})");
  message.attributes = {{"agent", R"("Zo\u00eb \"z\"")"}, {"round", "4"}};
  const EventReading& enveloped = reading.of(message);
  CHECK(enveloped.agent == "Zoë \"z\"");
  CHECK(enveloped.round == 4);
  message.data = R"({"agent":"ada","debate_id":"from data","round":2})";
  const EventReading& both = reading.of(message);
  CHECK(both.agent == "ada");
  CHECK(both.round == 4);
  CHECK(both.debate_id == "from data");
  message.debate_id = "d1";
  CHECK(reading.of(message).debate_id == "d1");
}

TEST_CASE("members of a wrong type are ignored, and counted") {
  Reading reading;
  const EventReading& end = reading.of(event(
      "debate_end",
      R"({"consensus_reached":"yes","rounds_used":2.5,"duration_seconds":-1,"winner_agent":7,"confidence":0.5})"));
  CHECK(end.ignored == 4);
  CHECK_FALSE(end.unreadable);
  CHECK(fact<double>(end, Fact::kEndConfidence) == 0.5);
  CHECK_FALSE(fact<std::int64_t>(end, Fact::kEndConsensus));
  CHECK(fact<std::string>(end, Fact::kFailure) == "");
  CHECK(reading.of(event("debate_start", R"({"agents":["ada",3,{"name":"bob"},{}]})")).ignored ==
        2);
  CHECK(reading.of(event("vote", R"({"vote":")" + std::string(300, 'x') + R"("})")).ignored == 1);
}

TEST_CASE("data that is no JSON object is unreadable, and still an event of its type") {
  Reading reading;
  for (const char* data : {"", "{", "[]", "7", "{\"a\":}", "\xff"}) {
    INFO(data);
    CHECK(reading.of(event("agent_message", data)).unreadable);
    CHECK(reading.of(event("agent_message", data)).kind == EventKind::kMessage);
  }
  sdk::FakeEvent text = event("vote", "{}");
  text.content_type = "text/plain";
  CHECK(reading.of(text).unreadable);
  // Of other types nothing is read, so there is nothing to complain about.
  CHECK_FALSE(reading.of(event("token_delta", "{")).unreadable);
}

TEST_CASE("a debate fails in several ways") {
  Reading reading;
  for (const auto& [data, failure] : std::vector<std::pair<const char*, const char*>>{
           {R"({"cancelled":true,"reason":"r"})", "cancelled"},
           {R"({"status":"canceled"})", "cancelled"},
           {R"({"status":"timeout"})", "timeout"},
           {R"({"error":"broke"})", "error"},
           {R"({"success":false})", "failed"},
           {R"({"status":"completed","success":true,"cancelled":false,"error":null})", ""}}) {
    INFO(data);
    CHECK(fact<std::string>(reading.of(event("debate_end", data)), Fact::kFailure) == failure);
  }
  CHECK(fact<std::string>(reading.of(event("error", R"({"recoverable":false,"error_type":"oom"})")),
                          Fact::kFatalError) == "oom");
  CHECK_FALSE(
      fact<std::string>(reading.of(event("error", R"({"error_type":"oom"})")), Fact::kFatalError));
}

TEST_CASE("a long question is cut between two characters") {
  Reading reading;
  std::string task;
  for (int i = 0; i < 400; ++i) {
    task += "é";
  }
  const auto kept = fact<std::string>(
      reading.of(event("debate_start", "{\"task\":\"x" + task + "\"}")), Fact::kTask);
  REQUIRE(kept);
  CHECK(kept->size() == 499);
}

}  // namespace
}  // namespace aev::analytics
