#include "topic_template.h"

#include <stdexcept>

#include <catch2/catch.hpp>

#include "made_event.h"

namespace aev::kafka {
namespace {

std::string expand(const std::string& written, const MadeEvent& event) {
  FieldReader reader;
  std::string name;
  const std::string why = TopicTemplate(written).expand(reader, event.view(), name);
  return why.empty() ? name : "refused: " + why;
}

TEST_CASE("a topic is named after fields of the event", "[kafka]") {
  const MadeEvent event(R"({"a":{"b":[{"c":"x"},{"c":7}]},"yes":true,"pi":2.5})", "vote", "d1",
                        {{"tenant", "\"acme\""}, {"level", "3"}});
  CHECK(expand("events", event) == "events");
  CHECK(expand("events.{event_type}", event) == "events.vote");
  CHECK(expand("{source}-{debate_id}_{id}", event) == "arena-d1_e1");
  CHECK(expand("{data.a.b.0.c}.{data.a.b.1.c}.{data.yes}.{data.pi}", event) == "x.7.true.2.5");
  CHECK(expand("{attributes.tenant}-{attributes.level}", event) == "acme-3");
}

TEST_CASE("characters that no topic may have become underscores", "[kafka]") {
  const MadeEvent event(R"({"name":"a b/\u00e9:c"})", "team/vote:1");
  CHECK(expand("events.{event_type}", event) == "events.team_vote_1");
  CHECK(expand("{data.name}", event) == "a_b____c");  // two bytes of UTF-8
}

TEST_CASE("a field that is missing is refused, or has a fallback", "[kafka]") {
  const MadeEvent event(R"({"a":null,"list":[1],"empty":""})", "vote", "");
  CHECK(expand("e.{data.nothing}", event).find("data.nothing, which this event lacks") !=
        std::string::npos);
  CHECK(expand("e.{data.a:-none}.{data.list:-l}.{data.empty:-e}.{debate_id:-d}", event) ==
        "e.none.l.e.d");
  CHECK(expand("e.{attributes.tenant:-any}", event) == "e.any");
}

TEST_CASE("data that is no JSON has no fields", "[kafka]") {
  MadeEvent event("not json");
  CHECK(expand("e.{data.a:-none}", event) == "e.none");
  event.raw().content_type = sdk::str("text/plain");
  CHECK(expand("e.{data.a:-none}", event) == "e.none");
}

TEST_CASE("a name that Kafka would refuse is refused before it is asked", "[kafka]") {
  const std::string longest(249, 't');
  CHECK(expand("{data.name}", MadeEvent("{\"name\":\"" + longest + "\"}")) == longest);
  CHECK(expand("x{data.name}", MadeEvent("{\"name\":\"" + longest + "\"}"))
            .find("250 characters; Kafka takes 249") != std::string::npos);
  CHECK(expand("{data.name}", MadeEvent(R"({"name":".."})")).find("no topic '..'") !=
        std::string::npos);
}

TEST_CASE("a template is checked when it is read", "[kafka]") {
  for (const char* wrong : {"", ".", "a b", "a{", "a{}", "{nothing}", "{data}", "{data.}",
                            "{data.a..b}", "{attributes.}", "{event_type:-a b}", "a}b"}) {
    INFO(wrong);
    CHECK_THROWS_AS(TopicTemplate(wrong), std::invalid_argument);
  }
  CHECK_THROWS_WITH(TopicTemplate("{debate}"), Catch::Contains("debate_id"));
  CHECK(TopicTemplate("a.b-c_D9").is_constant());
  CHECK_FALSE(TopicTemplate("a.{id}").is_constant());
}

TEST_CASE("fields of consecutive events do not mix", "[kafka]") {
  FieldReader reader;
  const EventField field = parse_event_field("data.n");
  const MadeEvent one(R"({"n":1})");
  const MadeEvent two(R"({"n":2})");
  CHECK(reader.read(field, one.view()) == "1");
  reader.next_event();
  CHECK(reader.read(field, two.view()) == "2");
  reader.next_event();
  CHECK(reader.read(parse_event_field("data.a/b~c"), MadeEvent(R"({"a/b~c":"odd"})").view()) ==
        "odd");
}

}  // namespace
}  // namespace aev::kafka
