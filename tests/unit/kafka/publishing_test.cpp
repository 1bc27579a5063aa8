// The subscriber type `kafka` through its entry, against librdkafka's mock cluster.
#include <algorithm>
#include <set>
#include <string>

#include <catch2/catch.hpp>

#include <aev/fake_host.hpp>

#include "mock_cluster.h"

namespace aev::kafka {
namespace {

constexpr std::int16_t kProduce = 0;

/// Options with which messages wait until they are `count`, and then go in one request, however
/// slow the machine is.
std::string in_requests_of(int count) {
  return R"(,"linger":"20s","batch_messages":)" + std::to_string(count);
}

struct Publishing {
  explicit Publishing(const std::string& members = {}, std::uint32_t timeout_ms = 30'000)
      : subscriber(host.create(
            "kafka",
            R"({"brokers":)" + cluster.brokers_json() + R"(,"topic":"t")" +
                (members.find("linger") == std::string::npos ? R"(,"linger":"1ms")" + members
                                                             : members) +
                "}")) {
    cluster.create_topic("t", 1);
    aev_limits limits = sdk::FakeSubscriber::default_limits();
    limits.timeout_ms = timeout_ms;
    subscriber.start(limits);
  }

  static std::vector<sdk::FakeEvent> events(int count, std::size_t bytes = 0) {
    std::vector<sdk::FakeEvent> all;
    for (int i = 0; i < count; ++i) {
      sdk::FakeEvent event;
      event.debate_id = "d1";
      event.data = "{\"text\":\"" + std::string(bytes, 'x') + "\"}";
      all.push_back(std::move(event));
    }
    return all;
  }

  /// How many events ended like that.
  std::size_t count(aev_outcome outcome) const {
    const auto all = host.settled();
    return static_cast<std::size_t>(
        std::count_if(all.begin(), all.end(),
                      [&](const sdk::FakeSettlement& each) { return each.outcome == outcome; }));
  }

  std::string status() { return subscriber.query("status"); }

  MockCluster cluster;
  sdk::FakeHost host{aev_plugin_entry};
  sdk::FakeSubscriber subscriber;
};

TEST_CASE("every event is settled by its own report and arrives in order", "[kafka]") {
  Publishing publishing(R"(,"format":"cloudevents")");
  std::vector<sdk::FakeEvent> events;
  for (int i = 0; i < 500; ++i) {
    sdk::FakeEvent event;
    event.debate_id = "d1";
    event.data = "{\"n\":" + std::to_string(i) + "}";
    events.push_back(std::move(event));
  }
  CHECK(publishing.subscriber.deliver(std::move(events)) == AEV_OK);
  REQUIRE(publishing.host.wait_settled(500));
  CHECK(publishing.count(AEV_DELIVERED) == 500);
  const auto read = publishing.cluster.read("t", 0, 500);
  REQUIRE(read.size() == 500);
  for (std::size_t i = 0; i < read.size(); ++i) {
    const TestMessage message = parts_of(*read[i]);
    CHECK(message.value == "{\"n\":" + std::to_string(i) + "}");
    CHECK(message.key == "d1");
    CHECK(message.headers.size() == 7);
  }
  CHECK(publishing.host.metric(
            R"(aragora_kafka_messages_total{subscriber="tester",result="delivered"})") == 500);
  CHECK(publishing.status().find("\"delivered\":500") != std::string::npos);
  CHECK(publishing.host.violations().empty());
  CHECK(publishing.subscriber.stop());
}

TEST_CASE("an event without data is a message without value", "[kafka]") {
  Publishing publishing(R"(,"format":"cloudevents","key":"source")");
  auto events = Publishing::events(1);
  events[0].data.clear();
  publishing.subscriber.deliver(std::move(events));
  REQUIRE(publishing.host.wait_settled(1));
  const TestMessage message = parts_of(*publishing.cluster.read("t", 0, 1).at(0));
  CHECK_FALSE(message.value.has_value());
  CHECK_FALSE(message.key.has_value());
}

TEST_CASE("a refusal ends as the broker meant it", "[kafka]") {
  const auto [error, outcome, words] = GENERATE(
      std::tuple(RD_KAFKA_RESP_ERR_INVALID_RECORD, AEV_REJECT, "INVALID_RECORD"),
      std::tuple(RD_KAFKA_RESP_ERR_POLICY_VIOLATION, AEV_REJECT, "POLICY_VIOLATION"),
      std::tuple(RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED, AEV_RETRY, "grant this user Write"));
  Publishing publishing(in_requests_of(3));
  publishing.cluster.fail(kProduce, {error});
  publishing.subscriber.deliver(Publishing::events(3));
  REQUIRE(publishing.host.wait_settled(3));
  for (const sdk::FakeSettlement& settled : publishing.host.settled()) {
    CHECK(settled.outcome == static_cast<aev_outcome>(outcome));
    CHECK(settled.reason.find(words) != std::string::npos);
    CHECK(settled.code == error);
  }
  CHECK(publishing.host.failure().empty());
  if (error == RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED) {
    return;  // librdkafka goes by that until it asks for the topic again
  }
  // The next ones go as if nothing had been.
  publishing.subscriber.deliver(Publishing::events(3));
  REQUIRE(publishing.host.wait_settled(6));
  INFO(publishing.host.settled()[5].reason);
  CHECK(publishing.count(AEV_DELIVERED) == 3);
}

TEST_CASE("what passes by itself is librdkafka's to try again", "[kafka]") {
  Publishing publishing;
  publishing.cluster.fail(
      kProduce, {RD_KAFKA_RESP_ERR_NOT_LEADER_FOR_PARTITION, RD_KAFKA_RESP_ERR_NOT_ENOUGH_REPLICAS,
                 RD_KAFKA_RESP_ERR__TRANSPORT});
  publishing.subscriber.deliver(Publishing::events(5));
  REQUIRE(publishing.host.wait_settled(5));
  CHECK(publishing.count(AEV_DELIVERED) == 5);
  CHECK(publishing.cluster.read("t", 0, 5).size() == 5);
}

TEST_CASE("of a batch that is too large only the messages that are so are refused", "[kafka]") {
  Publishing publishing(in_requests_of(4));
  // The batch, then the second of its messages when each is sent alone.
  publishing.cluster.fail(kProduce,
                          {RD_KAFKA_RESP_ERR_MSG_SIZE_TOO_LARGE, RD_KAFKA_RESP_ERR_NO_ERROR,
                           RD_KAFKA_RESP_ERR_MSG_SIZE_TOO_LARGE});
  publishing.subscriber.deliver(Publishing::events(4, 100));
  REQUIRE(publishing.host.wait_settled(4));
  CHECK(publishing.count(AEV_DELIVERED) == 3);
  CHECK(publishing.count(AEV_REJECT) == 1);
  CHECK(publishing.cluster.read("t", 0, 3).size() == 3);
  CHECK(publishing.host.violations().empty());
}

TEST_CASE("a message above the limit is refused before it is sent", "[kafka]") {
  Publishing publishing(R"(,"max_message_bytes":"2000B")");
  auto events = Publishing::events(3);
  events[1].data = "{\"text\":\"" + std::string(3000, 'x') + "\"}";
  publishing.subscriber.deliver(std::move(events));
  REQUIRE(publishing.host.wait_settled(3));
  CHECK(publishing.count(AEV_DELIVERED) == 2);
  const auto settled = publishing.host.settled();
  const auto refused = std::find_if(settled.begin(), settled.end(),
                                    [](const auto& each) { return each.outcome == AEV_REJECT; });
  REQUIRE(refused != settled.end());
  CHECK(refused->index == 1);
  CHECK(refused->reason.find("raise max_message_bytes") != std::string::npos);
}

TEST_CASE("a topic that is not there is told from a broker that is not there", "[kafka]") {
  Publishing publishing(R"(,"librdkafka":{"topic.metadata.propagation.max.ms":500})");
  rd_kafka_mock_topic_set_error(publishing.cluster.raw(), "t",
                                RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART);
  publishing.subscriber.deliver(Publishing::events(2));
  REQUIRE(publishing.host.wait_settled(2));
  CHECK(publishing.count(AEV_RETRY) == 2);
  CHECK(publishing.host.settled()[0].reason.find("create the topic") != std::string::npos);
  CHECK(publishing.status().find("\"connected\":true") != std::string::npos);
}

TEST_CASE("a broker that is down gives everything back, and ready() follows when it is up",
          "[kafka]") {
  Publishing publishing;
  publishing.subscriber.deliver(Publishing::events(3));
  REQUIRE(publishing.host.wait_settled(3));
  publishing.cluster.set_down(true);
  publishing.subscriber.deliver(Publishing::events(5));
  publishing.subscriber.deliver(Publishing::events(5));
  REQUIRE(publishing.host.wait_settled(13));
  CHECK(publishing.count(AEV_NOT_CONNECTED) == 10);
  CHECK(publishing.status().find("\"connected\":false") != std::string::npos);
  // Meanwhile nothing is kept.
  publishing.subscriber.deliver(Publishing::events(4));
  CHECK(publishing.count(AEV_NOT_CONNECTED) == 14);
  const std::size_t before = publishing.host.ready_calls();
  publishing.cluster.set_down(false);
  REQUIRE(publishing.host.wait([&] { return publishing.host.ready_calls() > before; }));
  publishing.subscriber.deliver(Publishing::events(14));
  REQUIRE(publishing.host.wait_settled(31));
  CHECK(publishing.count(AEV_DELIVERED) == 17);
  CHECK(publishing.count(AEV_RETRY) == 0);
  CHECK(publishing.host.failure().empty());
  CHECK(publishing.host.violations().empty());
}

TEST_CASE("a broker that does not answer is as good as down", "[kafka]") {
  Publishing publishing("", 4000);
  publishing.subscriber.deliver(Publishing::events(1));
  REQUIRE(publishing.host.wait_settled(1));
  rd_kafka_mock_broker_set_rtt(publishing.cluster.raw(), -1, 60'000);
  publishing.subscriber.deliver(Publishing::events(3));
  REQUIRE(publishing.host.wait_settled(4));
  CHECK(publishing.count(AEV_NOT_CONNECTED) == 3);
}

TEST_CASE("a full queue holds the host back until there is room", "[kafka]") {
  Publishing publishing(R"(,"queue_messages":10)");
  rd_kafka_mock_broker_set_rtt(publishing.cluster.raw(), -1, 200);
  std::uint32_t accepted = 0;
  CHECK(publishing.subscriber.deliver(Publishing::events(25), &accepted) == AEV_BUSY);
  CHECK(accepted == 10);
  REQUIRE(publishing.host.wait([&] { return publishing.host.ready_calls() > 0; }));
  REQUIRE(publishing.host.wait_settled(10));
  CHECK(publishing.count(AEV_DELIVERED) == 10);
  CHECK(publishing.subscriber.deliver(Publishing::events(5), &accepted) == AEV_OK);
  REQUIRE(publishing.host.wait_settled(15));
}

TEST_CASE("events whose topic cannot be named do not hold up the others", "[kafka]") {
  sdk::FakeHost host(aev_plugin_entry);
  const MockCluster cluster;
  auto subscriber = host.create(
      "kafka", R"({"topic":"t.{data.where}","brokers":)" + cluster.brokers_json() + "}");
  subscriber.start();
  subscriber.deliver({{.data = R"({"where":"a"})"}, {.data = "{}"}, {.data = R"({"where":"b"})"}});
  REQUIRE(host.wait_settled(3));
  const auto settled = host.settled();
  CHECK(settled[0].outcome == AEV_REJECT);
  CHECK(settled[0].index == 1);
  CHECK(cluster.read("t.b", 0, 0).empty());
}

TEST_CASE("a producer that is at its end asks to be made anew", "[kafka]") {
  Publishing publishing;
  publishing.subscriber.deliver(Publishing::events(1));
  REQUIRE(publishing.host.wait_settled(1));
  publishing.cluster.fail(kProduce, {RD_KAFKA_RESP_ERR_OUT_OF_ORDER_SEQUENCE_NUMBER});
  publishing.subscriber.deliver(Publishing::events(2));
  REQUIRE(publishing.host.wait([&] { return !publishing.host.failure().empty(); }));
  CHECK(publishing.count(AEV_RETRY) == 0);
  CHECK(publishing.count(AEV_REJECT) == 0);
}

TEST_CASE("stopping waits for what is on its way", "[kafka]") {
  Publishing publishing(R"(,"format":"cloudevents")");
  rd_kafka_mock_broker_set_rtt(publishing.cluster.raw(), -1, 300);
  publishing.subscriber.deliver(Publishing::events(20));
  CHECK(publishing.subscriber.stop());
  CHECK(publishing.count(AEV_DELIVERED) == 20);
}

TEST_CASE("stopping while no broker answers gives up in time", "[kafka]") {
  Publishing publishing;
  rd_kafka_mock_broker_set_rtt(publishing.cluster.raw(), -1, 60'000);
  publishing.subscriber.deliver(Publishing::events(20));
  CHECK(publishing.subscriber.stop(std::chrono::seconds(1)));
  REQUIRE(publishing.host.wait_settled(20));
  CHECK(publishing.count(AEV_NOT_CONNECTED) == 20);
}

TEST_CASE("an instance may be destroyed with messages on their way", "[kafka]") {
  Publishing publishing(R"(,"format":"cloudevents")");
  rd_kafka_mock_broker_set_rtt(publishing.cluster.raw(), -1, 60'000);
  publishing.subscriber.deliver(Publishing::events(50, 70'000));
  publishing.subscriber.destroy();
  CHECK(publishing.host.settled().size() <= 50);
  CHECK(publishing.host.violations().empty());
}

TEST_CASE("a lease that is too short for the linger is refused at the start", "[kafka]") {
  sdk::FakeHost host(aev_plugin_entry);
  auto subscriber = host.create("kafka", R"({"brokers":["127.0.0.1:9"],"linger":"5s"})");
  aev_limits limits = sdk::FakeSubscriber::default_limits();
  limits.timeout_ms = 3000;
  CHECK_THROWS_WITH(subscriber.start(limits), Catch::Contains("raise the timeout"));
}

TEST_CASE("the probe reaches a broker or says why not", "[kafka]") {
  Publishing publishing;
  CHECK_NOTHROW(publishing.subscriber.check());
  auto nowhere = publishing.host.create("kafka", R"({"brokers":["127.0.0.1:9"]})");
  CHECK_THROWS_WITH(nowhere.check(std::chrono::seconds(2)), Catch::Contains("127.0.0.1:9"));
}

}  // namespace
}  // namespace aev::kafka
