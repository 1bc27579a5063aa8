// The subscriber type `kafka_source` through its entry, against librdkafka's mock cluster.
#include <algorithm>
#include <set>

#include <catch2/catch.hpp>

#include <aev/fake_host.hpp>

#include "mock_cluster.h"

namespace aev::kafka {
namespace {

TestMessage event_message(int number) {
  return {
      "{\"id\":\"e" + std::to_string(number) + "\",\"event_type\":\"vote\",\"data\":{}}", {}, {}};
}

std::vector<TestMessage> event_messages(int begin, int end) {
  std::vector<TestMessage> all;
  for (int i = begin; i < end; ++i) {
    all.push_back(event_message(i));
  }
  return all;
}

struct Consuming {
  explicit Consuming(std::string options = {}, std::string commit_interval = "50ms")
      : options_(std::move(options)), commit_interval_(std::move(commit_interval)) {
    cluster.create_topic("t", 2);
  }

  [[nodiscard]] sdk::FakeSubscriber start_source(sdk::FakeHost& with) const {
    auto source =
        with.create("kafka_source",
                    R"({"topics":["t"],"group":"g","commit_interval":")" + commit_interval_ +
                        R"(","brokers":)" + cluster.brokers_json() +
                        R"(,"librdkafka":{"session.timeout.ms":6000,"heartbeat.interval.ms":200,)" +
                        R"("topic.metadata.refresh.interval.ms":500})" + options_ + "}");
    source.start();
    return source;
  }

  [[nodiscard]] bool wait_emitted(std::size_t count) {
    return host.wait([&] { return host.emitted().size() >= count; });
  }

  /// So many messages are with the host, or wait for it; the status comes each half second.
  [[nodiscard]] bool wait_in_flight(sdk::FakeSubscriber& source, int count) {
    const std::string wanted = "\"in_flight\":" + std::to_string(count) + "}";
    return host.wait([&] { return source.query("status").find(wanted) != std::string::npos; });
  }

  /// The broker has that offset of the partition from the group.
  [[nodiscard]] bool wait_committed(std::int64_t offset, std::int32_t partition = 0) {
    return host.wait([&] { return cluster.committed("g", "t", partition) == offset; });
  }

  const std::string options_;
  const std::string commit_interval_;
  MockCluster cluster;
  sdk::FakeHost host{aev_plugin_entry};
};

TEST_CASE("messages become events, in order, and are committed", "[kafka]") {
  Consuming made;
  made.cluster.produce("t", 0, event_messages(0, 50));
  auto source = made.start_source(made.host);
  REQUIRE(made.wait_emitted(50));
  const auto emitted = made.host.emitted();
  for (int i = 0; i < 50; ++i) {
    CHECK(emitted[static_cast<std::size_t>(i)].data == event_message(i).value);
    CHECK(emitted[static_cast<std::size_t>(i)].content_type == "application/json");
  }
  CHECK(made.wait_committed(50));
  CHECK(source.stop());
  CHECK(made.host.violations().empty());
}

TEST_CASE("an offset is committed only when its event is durable", "[kafka]") {
  Consuming made;
  made.host.hold_answers();
  made.cluster.produce("t", 0, event_messages(0, 5));
  auto source = made.start_source(made.host);
  REQUIRE(made.wait_in_flight(source, 5));  // long after the interval of commits
  CHECK(made.cluster.committed("g", "t", 0) == RD_KAFKA_OFFSET_INVALID);
  made.host.release_answers();
  CHECK(made.wait_committed(5));
}

TEST_CASE("who leaves commits what is durable by then", "[kafka]") {
  Consuming made("", "10m");
  made.cluster.produce("t", 0, event_messages(0, 5));
  auto source = made.start_source(made.host);
  REQUIRE(made.wait_emitted(5));
  CHECK(made.cluster.committed("g", "t", 0) == RD_KAFKA_OFFSET_INVALID);
  CHECK(source.stop());
  CHECK(made.cluster.committed("g", "t", 0) == 5);
}

TEST_CASE("what was not durable when the host died is read again", "[kafka]") {
  Consuming made;
  made.cluster.produce("t", 0, event_messages(0, 5));
  {
    made.host.hold_answers();
    auto source = made.start_source(made.host);
    REQUIRE(made.wait_in_flight(source, 5));
    source.destroy();
  }
  sdk::FakeHost next(aev_plugin_entry);
  auto source = made.start_source(next);
  REQUIRE(next.wait([&] { return next.emitted().size() >= 5; }));
  CHECK(next.emitted()[0].data == event_message(0).value);
}

TEST_CASE("a host that is busy is asked again, in order", "[kafka]") {
  const bool at_once = GENERATE(true, false);
  Consuming made;
  made.host.answer_emissions(at_once ? AEV_BUSY : AEV_OK, at_once ? AEV_OK : AEV_BUSY);
  made.cluster.produce("t", 0, event_messages(0, 10));
  auto source = made.start_source(made.host);
  REQUIRE(made.host.wait(
      [&] { return source.query("status").find("\"in_flight\":10") != std::string::npos; }));
  CHECK(made.cluster.committed("g", "t", 0) == RD_KAFKA_OFFSET_INVALID);
  const std::size_t before = made.host.emitted().size();
  made.host.answer_emissions(AEV_OK, AEV_OK);
  REQUIRE(made.wait_committed(10));
  const auto emitted = made.host.emitted();
  REQUIRE(emitted.size() >= before + 10);
  for (std::size_t i = 0; i < 10; ++i) {
    CHECK(emitted[emitted.size() - 10 + i].data == event_message(static_cast<int>(i)).value);
  }
}

TEST_CASE("no more is read than may be in flight", "[kafka]") {
  Consuming made(R"(,"max_in_flight":4)");
  made.host.hold_answers();
  made.cluster.produce("t", 0, event_messages(0, 30));
  auto source = made.start_source(made.host);
  REQUIRE(made.host.wait(
      [&] { return source.query("status").find("\"paused\":true") != std::string::npos; }));
  CHECK(made.wait_in_flight(source, 4));
  made.host.release_answers();
  REQUIRE(made.wait_emitted(30));
  CHECK(made.wait_committed(30));
  std::set<std::string> bodies;
  for (const auto& each : made.host.emitted()) {
    bodies.insert(each.data);
  }
  CHECK(bodies.size() == 30);
}

TEST_CASE("two members share the partitions, and one takes over from the other", "[kafka]") {
  const bool cooperative = GENERATE(true, false);
  Consuming made(cooperative ? "" : R"(,"assignment":"eager")");
  sdk::FakeHost other(aev_plugin_entry);
  auto first = made.start_source(made.host);
  auto second = made.start_source(other);
  const auto partitions = [](sdk::FakeSubscriber& source) {
    const std::string status = source.query("status");
    return static_cast<int>(status.find("\"partition\":0") != std::string::npos) +
           static_cast<int>(status.find("\"partition\":1") != std::string::npos);
  };
  REQUIRE(made.host.wait([&] {
    other.pump();
    return partitions(first) == 1 && partitions(second) == 1;
  }));
  made.cluster.produce("t", 0, event_messages(0, 20));
  made.cluster.produce("t", 1, event_messages(20, 40));
  REQUIRE(made.host.wait([&] {
    other.pump();
    return made.host.emitted().size() == 20 && other.emitted().size() == 20;
  }));
  REQUIRE(made.wait_committed(20, 0));
  REQUIRE(made.wait_committed(20, 1));
  REQUIRE(first.stop());
  made.cluster.produce("t", 0, event_messages(40, 50));
  made.cluster.produce("t", 1, event_messages(50, 60));
  REQUIRE(other.wait([&] { return other.emitted().size() >= 40; }));
  std::multiset<std::string> bodies;
  for (const auto* host : {&made.host, &other}) {
    for (const auto& each : host->emitted()) {
      bodies.insert(each.data);
    }
  }
  CHECK(bodies.size() == 60);  // what was settled before it moved is not read again
  CHECK(std::set<std::string>(bodies.begin(), bodies.end()).size() == 60);
}

TEST_CASE("answers for partitions that moved away are dropped", "[kafka]") {
  Consuming made;
  made.cluster.produce("t", 0, event_messages(0, 3));
  made.cluster.produce("t", 1, event_messages(3, 6));
  made.host.hold_answers();
  auto first = made.start_source(made.host);
  REQUIRE(made.wait_in_flight(first, 6));
  sdk::FakeHost other(aev_plugin_entry);
  auto second = made.start_source(other);
  // The first one waits a while for its host, then lets go; the second reads what was not durable.
  REQUIRE(other.wait([&] { return other.emitted().size() >= 3; }));
  made.host.release_answers();
  made.host.pump();
  CHECK(first.stop());
  CHECK(second.stop());
  CHECK(made.host.violations().empty());
}

TEST_CASE("what is no event becomes a letter in the dead-letter topic", "[kafka]") {
  Consuming made;
  made.cluster.create_topic("t.dlq", 1);
  made.host.answer_emissions(AEV_E_CONFIG, AEV_OK);
  made.cluster.produce("t", 0, {{"{broken", "k1", {{"trace", "7"}}}});
  auto source = made.start_source(made.host);
  REQUIRE(made.wait_committed(1));
  const auto letters = made.cluster.read("t.dlq", 0, 1);
  REQUIRE(letters.size() == 1);
  const TestMessage letter = parts_of(*letters[0]);
  CHECK(letter.key == "k1");
  CHECK(letter.value->find(R"("original_value":"{broken")") != std::string::npos);
  CHECK(std::find(letter.headers.begin(), letter.headers.end(),
                  std::pair<std::string, std::string>("trace", "7")) != letter.headers.end());
  CHECK(made.host.metric(
            R"(aragora_kafka_source_messages_total{subscriber="tester",result="dead_lettered"})") ==
        1);
}

TEST_CASE("a dead letter that Kafka refuses becomes an event", "[kafka]") {
  Consuming made;
  made.cluster.create_topic("t.dlq", 1);
  made.cluster.produce("t", 0, {{"{broken", {}, {}}});
  made.cluster.fail(0, {RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED});
  made.host.answer_emissions(AEV_E_CONFIG, AEV_OK);
  auto source = made.start_source(made.host);
  REQUIRE(made.host.wait([&] {
    const auto log = made.host.log();
    return std::any_of(log.begin(), log.end(), [](const std::string& line) {
      return line.find("becomes an event kafka_message_malformed") != std::string::npos;
    });
  }));
  made.host.answer_emissions(AEV_OK, AEV_OK);
  REQUIRE(made.wait_committed(1));
  const auto told = made.host.emitted().back();
  CHECK(told.event_type == "kafka_message_malformed");
  CHECK(told.id.find("/malformed") != std::string::npos);
  CHECK(told.data.find("TOPIC") == std::string::npos);  // why it is no event, not why Kafka refused
}

TEST_CASE("a broker that cannot take the letter now keeps the message open", "[kafka]") {
  Consuming made(R"(,"malformed":{"topic":"letters"})");
  made.cluster.create_topic("letters", 1);
  made.cluster.produce("t", 0, {{"{broken", {}, {}}});
  made.cluster.fail(0, {RD_KAFKA_RESP_ERR_NOT_ENOUGH_REPLICAS, RD_KAFKA_RESP_ERR_UNKNOWN});
  made.host.answer_emissions(AEV_E_CONFIG, AEV_OK);
  auto source = made.start_source(made.host);
  REQUIRE(made.wait_committed(1));
  CHECK(made.cluster.read("letters", 0, 1).size() == 1);
}

TEST_CASE("messages without a value are passed over", "[kafka]") {
  Consuming made;
  made.cluster.produce("t", 0, {{{}, "k", {}}, event_message(1)});
  auto source = made.start_source(made.host);
  REQUIRE(made.wait_committed(2));
  CHECK(made.host.emitted().size() == 1);
  CHECK(made.host.wait(
      [&] { return source.query("status").find("\"skipped\":1") != std::string::npos; }));
}

TEST_CASE("data of any kind comes in with its place", "[kafka]") {
  Consuming made(R"(,"format":"data","event_type":"reading")");
  made.cluster.produce("t", 1, {{"21.5 C", "sensor \"7\"", {}}});
  auto source = made.start_source(made.host);
  REQUIRE(made.wait_emitted(1));
  const auto emitted = made.host.emitted()[0];
  CHECK(emitted.event_type == "reading");
  CHECK(emitted.data == "21.5 C");
  CHECK(emitted.content_type == "text/plain; charset=utf-8");
  CHECK(emitted.id.starts_with("kafka:t/1/0@"));
  CHECK(emitted.attributes ==
        std::vector<std::pair<std::string, std::string>>{{"kafkatopic", "\"t\""},
                                                         {"kafkapartition", "1"},
                                                         {"kafkaoffset", "0"},
                                                         {"kafkakey", R"("sensor \"7\"")"}});
}

TEST_CASE("topics that match a pattern are read", "[kafka]") {
  MockCluster cluster;
  cluster.create_topic("team-a", 1);
  cluster.create_topic("other", 1);
  cluster.produce("team-a", 0, event_messages(0, 2));
  cluster.produce("other", 0, event_messages(2, 4));
  sdk::FakeHost host(aev_plugin_entry);
  auto source = host.create("kafka_source", R"({"topics":["^team-.*"],"group":"g","brokers":)" +
                                                cluster.brokers_json() + "}");
  source.start();
  REQUIRE(host.wait([&] { return host.emitted().size() >= 2; }));
  REQUIRE(
      host.wait([&] { return source.query("status").find("\"emitted\":2") != std::string::npos; }));
  CHECK(source.stop());
  CHECK(host.emitted().size() == 2);
}

TEST_CASE("a source takes no events", "[kafka]") {
  Consuming made;
  auto source = made.start_source(made.host);
  source.deliver({{.data = "{}"}});
  REQUIRE(made.host.wait_settled(1));
  CHECK(made.host.settled()[0].outcome == AEV_SKIP);
}

TEST_CASE("a source stops in time while no broker answers", "[kafka]") {
  sdk::FakeHost host(aev_plugin_entry);
  auto source =
      host.create("kafka_source", R"({"topics":["t"],"group":"g","brokers":["127.0.0.1:9"]})");
  source.start();
  CHECK(source.stop(std::chrono::seconds(2)));
}

}  // namespace
}  // namespace aev::kafka
