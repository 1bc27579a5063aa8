#include <functional>

#include <catch2/catch.hpp>

#include "publish_options.h"
#include "source_options.h"

namespace aev::kafka {
namespace {

/// "path: message" of the ConfigError; empty if there was none.
std::string fault(const std::function<void()>& parse) {
  try {
    parse();
  } catch (const sdk::ConfigError& error) {
    return error.path() + ": " + error.what();
  }
  return {};
}

std::string publish_fault(const std::string& members) {
  return fault([&] {
    static_cast<void>(parse_publish_options(R"({"brokers":["b:9092"])" + members + "}"));
  });
}

std::string source_fault(const std::string& members) {
  return fault([&] {
    static_cast<void>(parse_source_options(R"({"brokers":["b:9092"],"topics":["t"],"group":"g")" +
                                           members + "}"));
  });
}

std::string property(const rd_kafka_conf_t& conf, const char* name) {
  std::size_t size = 0;
  if (rd_kafka_conf_get(&conf, name, nullptr, &size) != RD_KAFKA_CONF_OK) {
    return "absent";
  }
  std::string value(size, '\0');
  rd_kafka_conf_get(&conf, name, value.data(), &size);
  value.resize(size - 1);
  return value;
}

TEST_CASE("a publisher is idempotent, compresses and waits for all replicas", "[kafka]") {
  const PublishOptions options = parse_publish_options(R"({"brokers":["a:1","[::1]:2"]})");
  const ConfPtr conf = make_producer_conf(options, std::chrono::seconds(27));
  CHECK(property(*conf, "bootstrap.servers") == "a:1,[::1]:2");
  CHECK(property(*conf, "enable.idempotence") == "true");
  CHECK(property(*conf, "acks") == "-1");
  CHECK(property(*conf, "compression.codec") == "lz4");
  CHECK(property(*conf, "linger.ms") == "5");
  CHECK(property(*conf, "message.timeout.ms") == "27000");
  CHECK(property(*conf, "partitioner") == "murmur2_random");
  CHECK(property(*conf, "topic.metadata.propagation.max.ms") == "5000");
  CHECK(property(*conf, "security.protocol") == "plaintext");
  CHECK(options.format == MessageFormat::kEvent);
  CHECK(options.key->part == EventField::Part::kDebateId);
}

TEST_CASE("options of a publisher become librdkafka's properties", "[kafka]") {
  const PublishOptions options = parse_publish_options(R"({
    "brokers":["a:1"], "client_id":"me", "compression":"zstd", "linger":"1s", "batch_messages":7,
    "batch_bytes":"64KiB", "max_message_bytes":"2MiB", "queue_messages":50, "queue_bytes":"1MiB",
    "key":"none", "format":"cloudevents", "mode":"structured",
    "tls":{"ca_file":"/ca.pem","verify_hostname":false},
    "sasl":{"mechanism":"SCRAM-SHA-512","username":"u","password":"p"},
    "librdkafka":{"partitioner":"consistent","socket.keepalive.enable":true,"retry.backoff.ms":5}})");
  const ConfPtr conf = make_producer_conf(options, std::chrono::seconds(10));
  for (const auto& [name, value] : std::initializer_list<std::pair<const char*, const char*>>{
           {"client.id", "me"},
           {"compression.codec", "zstd"},
           {"linger.ms", "1000"},
           {"batch.num.messages", "7"},
           {"batch.size", "65536"},
           {"message.max.bytes", "2097152"},
           {"queue.buffering.max.messages", "50"},
           {"queue.buffering.max.kbytes", "1024"},
           {"security.protocol", "sasl_ssl"},
           {"ssl.ca.location", "/ca.pem"},
           {"ssl.endpoint.identification.algorithm", "none"},
           {"sasl.mechanisms", "SCRAM-SHA-512"},
           {"sasl.username", "u"},
           {"partitioner", "consistent"},
           {"socket.keepalive.enable", "true"},
           {"retry.backoff.ms", "5"}}) {
    INFO(name);
    CHECK(property(*conf, name) == value);
  }
  CHECK(options.format == MessageFormat::kCloudEventsStructured);
  CHECK_FALSE(options.key.has_value());
}

TEST_CASE("what the schema cannot say is found with its place", "[kafka]") {
  CHECK(fault([] {
          static_cast<void>(parse_publish_options(R"({"brokers":[]})"));
        }).starts_with("/brokers: "));
  for (const char* broker : {"localhost", "a:b", ":9092", "a:99999", "a:1,b:2", "kafka://a:1"}) {
    INFO(broker);
    CHECK(fault([&] {
            static_cast<void>(
                parse_publish_options(R"({"brokers":["ok:1",")" + std::string(broker) + R"("]})"));
          }).starts_with("/brokers/1: "));
  }
  CHECK(publish_fault(R"(,"topic":"a b")").starts_with("/topic: "));
  CHECK(publish_fault(R"(,"key":"data")").find("or none") != std::string::npos);
  CHECK(publish_fault(R"(,"mode":"binary")").starts_with("/mode: "));
  CHECK(publish_fault(R"(,"headers":{"ce_id":"x"})").starts_with("/headers/ce_id: "));
  CHECK(publish_fault(R"(,"linger":"20m")").starts_with("/linger: "));
  CHECK(publish_fault(R"(,"batch_bytes":"0B")").starts_with("/batch_bytes: "));
  CHECK(publish_fault(R"(,"max_message_bytes":"2GiB")").starts_with("/max_message_bytes: "));
  CHECK(publish_fault(R"(,"max_message_bytes":"10B")").starts_with("/max_message_bytes: "));
  CHECK(publish_fault(R"(,"tls":{"cert_file":"/c"})").starts_with("/tls: "));
  CHECK(publish_fault("").empty());
}

TEST_CASE("the free map is checked against librdkafka itself", "[kafka]") {
  CHECK(publish_fault(R"(,"librdkafka":{"socket.timeout.ms":"1"})")
            .find("/librdkafka/socket.timeout.ms: librdkafka says: ") == 0);
  CHECK(publish_fault(R"(,"librdkafka":{"no.such.thing":"1"})").find("No such configuration") !=
        std::string::npos);
  CHECK(publish_fault(R"(,"librdkafka":{"sasl.password":"s3cret"})")
            .find("set `sasl.password` instead") != std::string::npos);
  for (const char* owned : {"acks", "enable.idempotence", "message.timeout.ms", "linger.ms",
                            "bootstrap.servers", "dr_msg_cb", "ssl.key.pem"}) {
    INFO(owned);
    const std::string found =
        publish_fault(R"(,"librdkafka":{")" + std::string(owned) + R"(":"s3cret"})");
    CHECK(found.starts_with("/librdkafka/" + std::string(owned)));
    CHECK(found.find("s3cret") == std::string::npos);
  }
  CHECK(source_fault(R"(,"librdkafka":{"enable.auto.commit":true})")
            .starts_with("/librdkafka/enable.auto.commit: "));
  CHECK(source_fault(R"(,"librdkafka":{"session.timeout.ms":10000})").empty());
}

TEST_CASE("a source commits only what it stored", "[kafka]") {
  const SourceOptions options = parse_source_options(
      R"({"brokers":["a:1"],"topics":["t","^u.*"],"group":"g","commit_interval":"200ms",
          "librdkafka":{"socket.nagle.disable":true,"fetch.min.bytes":10}})");
  const ConfPtr conf = make_consumer_conf(options);
  CHECK(property(*conf, "group.id") == "g");
  CHECK(property(*conf, "enable.auto.offset.store") == "false");
  CHECK(property(*conf, "auto.commit.interval.ms") == "200");
  CHECK(property(*conf, "auto.offset.reset") == "smallest");
  CHECK(property(*conf, "partition.assignment.strategy") == "cooperative-sticky");
  CHECK(property(*conf, "fetch.min.bytes") == "10");
  const ConfPtr letters = make_dead_letter_conf(options);
  CHECK(property(*letters, "enable.idempotence") == "true");
  CHECK(property(*letters, "socket.nagle.disable") == "true");
}

TEST_CASE("a source's options are checked", "[kafka]") {
  CHECK(source_fault("").empty());
  CHECK(source_fault(R"(,"event_type":"x")").starts_with("/event_type: "));
  CHECK(source_fault(R"(,"event_type":"x","format":"data")").empty());
  CHECK(source_fault(R"(,"commit_interval":"0ms")").starts_with("/commit_interval: "));
  CHECK(source_fault(R"(,"max_in_flight_bytes":"9GiB")").starts_with("/max_in_flight_bytes: "));
  CHECK(source_fault(R"(,"malformed":{"to":"event","topic":"x"})").starts_with("/malformed/topic"));
  CHECK(source_fault(R"(,"malformed":{"topic":"{topic}"})").find("back to the topic") !=
        std::string::npos);
  CHECK(source_fault(R"(,"malformed":{"topic":"a b"})").starts_with("/malformed/topic"));
  CHECK(source_fault(R"(,"malformed":{"topic":"lost.{topic}.here"})").empty());
  const auto with_topic = [](const std::string& topic) {
    return fault([&] {
      static_cast<void>(
          parse_source_options(R"({"brokers":["b:1"],"group":"g","topics":[")" + topic + R"("]})"));
    });
  };
  CHECK(with_topic("^(").starts_with("/topics/0: "));
  CHECK(with_topic("a*").find("a pattern begins with ^") != std::string::npos);
  CHECK(with_topic("^a.*b$").empty());
}

}  // namespace
}  // namespace aev::kafka
