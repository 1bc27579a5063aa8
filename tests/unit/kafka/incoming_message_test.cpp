#include "incoming_message.h"

#include <catch2/catch.hpp>

#include "message_id.h"
#include "mock_cluster.h"

namespace aev::kafka {
namespace {

using Kind = IncomingMessage::Kind;

/// The messages, as they come out of a broker.
struct Travelled {
  explicit Travelled(const std::vector<TestMessage>& sent) {
    cluster.create_topic("t", 1);
    cluster.produce("t", 0, sent);
    messages = cluster.read("t", 0, sent.size());
  }

  MockCluster cluster;
  std::vector<MessagePtr> messages;  // gone before the cluster
};

TEST_CASE("ids are put where they are missing", "[kafka]") {
  const auto with = [](const char* json) { return with_message_id(json, "k", false); };
  CHECK(with(R"({"event_type":"a"})") == R"({"id":"k","event_type":"a"})");
  CHECK(with(R"( { "a" : {"id":1} } )") == R"( { "id":"k","a" : {"id":1} } )");
  CHECK(with(R"({"id":"mine","a":1})") == R"({"id":"mine","a":1})");
  CHECK(with(R"({"a":1,"id":null,"b":2})") == R"({"a":1,"id":"k","b":2})");
  CHECK(with(R"({"\u0069d":"mine"})") == R"({"\u0069d":"mine"})");
  CHECK(with(R"([{"a":1},{"id":"x"},{"b":[{"c":1}]}])") ==
        R"([{"id":"k:0","a":1},{"id":"x"},{"id":"k:2","b":[{"c":1}]}])");
  for (const char* as_it_is : {"", "{", "{}", "[]", "[1]", "3", "{\"a\"", "[{\"a\":1},", "nul"}) {
    INFO(as_it_is);
    CHECK(with(as_it_is) == as_it_is);
  }
  CHECK(with_message_id("{\"a\":1}\n\n{\"id\":\"x\"}\r\n{\"b\":2}", "k", true) ==
        "{\"id\":\"k:0\",\"a\":1}\n{\"id\":\"x\"}\r\n{\"id\":\"k:2\",\"b\":2}\n");
  CHECK(with_message_id("{\"a\":1}\nbroken", "k", true) == "{\"a\":1}\nbroken");
}

TEST_CASE("an id says where the message lies, and when it came there", "[kafka]") {
  CHECK(message_id("t", 3, 17, 99) == "kafka:t/3/17@99");
  const std::string long_name(249, 'n');
  const std::string one = message_id(long_name, 1'000'000, 1'000'000'000'000, 1'772'366'400'000);
  CHECK(one.size() <= 230);
  CHECK(one !=
        message_id(long_name.substr(1) + "m", 1'000'000, 1'000'000'000'000, 1'772'366'400'000));
}

TEST_CASE("headers decide what a message is", "[kafka]") {
  const Travelled travelled({
      {R"({"event_type":"a"})", {}, {}},
      {R"({"n":1})",
       {},
       {{"ce_id", "50% \xc3\xa9"}, {"CE_Type", "vote"}, {"Content-Type", "text/x"}}},
      {"{}", {}, {{"content-type", "application/cloudevents+json"}}},
      {{}, {}, {}},
      {{}, {}, {{"ce_id", "1"}}},
  });
  const auto& messages = travelled.messages;
  REQUIRE(messages.size() == 5);
  IncomingMessage read;
  read_message(*messages[0], SourceFormat::kEvent, read);
  CHECK(read.kind == Kind::kBody);
  CHECK(read.content_type == "application/json");
  CHECK(read.body.find("{\"id\":\"kafka:t/0/0@") == 0);
  read_message(*messages[0], SourceFormat::kCloudEvents, read);
  CHECK(read.content_type == "application/cloudevents+json");
  CHECK(read.body == R"({"event_type":"a"})");
  read_message(*messages[1], SourceFormat::kEvent, read);
  CHECK(read.content_type == "text/x");
  CHECK(read.headers == std::vector<std::pair<std::string, std::string>>{
                            {"ce-id", "50%25%20%C3%A9"}, {"ce-type", "vote"}});
  CHECK(read.body == R"({"n":1})");
  read_message(*messages[2], SourceFormat::kEvent, read);
  CHECK(read.content_type == "application/cloudevents+json");
  read_message(*messages[3], SourceFormat::kEvent, read);
  CHECK(read.kind == Kind::kTombstone);
  read_message(*messages[4], SourceFormat::kEvent, read);
  CHECK(read.kind == Kind::kBody);
  CHECK(read.body.empty());
}

TEST_CASE("data of any kind is given its media type", "[kafka]") {
  const Travelled travelled({{R"([1,2])", {}, {}},
                             {"plain text", {}, {}},
                             {"\xff\xfe", {}, {}},
                             {"x", {}, {{"content-type", "image/png"}}}});
  const char* const expected[] = {"application/json", "text/plain; charset=utf-8",
                                  "application/octet-stream", "image/png"};
  const auto& messages = travelled.messages;
  REQUIRE(messages.size() == 4);
  for (std::size_t i = 0; i < messages.size(); ++i) {
    IncomingMessage read;
    read_message(*messages[i], SourceFormat::kData, read);
    CHECK(read.kind == Kind::kData);
    CHECK(read.content_type == expected[i]);
    CHECK_FALSE(read.id.empty());
  }
}

}  // namespace
}  // namespace aev::kafka
