#include "mock_cluster.h"

#include <chrono>
#include <stdexcept>

#include "client_options.h"
#include "produce.h"

namespace aev::kafka {
namespace {

constexpr auto kLimit = std::chrono::seconds(30);
constexpr int kLimitMs = 30'000;

ClientPtr make_keeper() {
  ConfPtr conf(rd_kafka_conf_new());
  rd_kafka_conf_set_log_cb(conf.get(), nullptr);
  return make_client(RD_KAFKA_PRODUCER, std::move(conf));
}

void check(rd_kafka_resp_err_t error, const char* what) {
  if (error != RD_KAFKA_RESP_ERR_NO_ERROR) {
    throw std::runtime_error(std::string(what) + ": " + rd_kafka_err2str(error));
  }
}

}  // namespace

MockCluster::MockCluster(int brokers)
    : keeper_(make_keeper()),
      cluster_(rd_kafka_mock_cluster_new(keeper_.get(), brokers)),
      producer_(client(RD_KAFKA_PRODUCER, "")) {}

MockCluster::~MockCluster() {
  readers_.clear();
  producer_.reset();
  rd_kafka_mock_cluster_destroy(cluster_);
}

std::string MockCluster::brokers_json() const {
  std::string json = "[\"";
  for (const char each : std::string(rd_kafka_mock_cluster_bootstraps(cluster_))) {
    json += each == ',' ? "\",\"" : std::string(1, each);
  }
  return json + "\"]";
}

ClientPtr MockCluster::client(rd_kafka_type_t type, const std::string& group) const {
  ConfPtr conf(rd_kafka_conf_new());
  set_property(*conf, "bootstrap.servers", rd_kafka_mock_cluster_bootstraps(cluster_));
  if (type == RD_KAFKA_CONSUMER) {
    set_property(*conf, "group.id", group);
    set_property(*conf, "auto.offset.reset", "earliest");
    set_property(*conf, "enable.auto.commit", "false");
  }
  rd_kafka_conf_set_log_cb(conf.get(), nullptr);
  return make_client(type, std::move(conf));
}

void MockCluster::create_topic(const std::string& topic, int partitions) const {
  check(rd_kafka_mock_topic_create(cluster_, topic.c_str(), partitions, 1), "create_topic");
}

void MockCluster::fail(std::int16_t api_key, const std::vector<rd_kafka_resp_err_t>& errors) const {
  rd_kafka_mock_push_request_errors_array(cluster_, api_key, errors.size(), errors.data());
}

void MockCluster::set_down(bool down) const {
  check(down ? rd_kafka_mock_broker_set_down(cluster_, -1)
             : rd_kafka_mock_broker_set_up(cluster_, -1),
        "set_down");
}

void MockCluster::produce(const std::string& topic,
                          std::int32_t partition,
                          const std::vector<TestMessage>& messages) const {
  for (const TestMessage& message : messages) {
    OutgoingMessage out;
    out.topic_name = topic.c_str();
    out.partition = partition;
    out.value = message.value ? message.value->data() : nullptr;
    out.value_bytes = message.value ? message.value->size() : 0;
    out.copy_value = true;
    out.key = message.key ? message.key->data() : nullptr;
    out.key_bytes = message.key ? message.key->size() : 0;
    out.headers.reset(rd_kafka_headers_new(message.headers.size()));
    for (const auto& [name, value] : message.headers) {
      rd_kafka_header_add(out.headers.get(), name.c_str(), -1, value.data(),
                          static_cast<ssize_t>(value.size()));
    }
    check(kafka::produce(*producer_, std::move(out)), "produce");
  }
  check(rd_kafka_flush(producer_.get(), kLimitMs), "flush");
}

std::vector<MessagePtr> MockCluster::read(const std::string& topic,
                                          std::int32_t partition,
                                          std::size_t count) const {
  const ClientPtr& consumer = readers_.emplace_back(client(RD_KAFKA_CONSUMER, "reader"));
  const PartitionsPtr assigned(rd_kafka_topic_partition_list_new(1));
  rd_kafka_topic_partition_list_add(assigned.get(), topic.c_str(), partition)->offset =
      RD_KAFKA_OFFSET_BEGINNING;
  check(rd_kafka_assign(consumer.get(), assigned.get()), "assign");
  std::vector<MessagePtr> messages;
  const auto until = std::chrono::steady_clock::now() + kLimit;
  while (messages.size() < count && std::chrono::steady_clock::now() < until) {
    MessagePtr message(rd_kafka_consumer_poll(consumer.get(), 100));
    if (message && message->err == RD_KAFKA_RESP_ERR_NO_ERROR) {
      messages.push_back(std::move(message));
    }
  }
  rd_kafka_assign(consumer.get(), nullptr);
  return messages;
}

std::int64_t MockCluster::committed(const std::string& group,
                                    const std::string& topic,
                                    std::int32_t partition) const {
  const ClientPtr consumer = client(RD_KAFKA_CONSUMER, group);
  const PartitionsPtr asked(rd_kafka_topic_partition_list_new(1));
  rd_kafka_topic_partition_list_add(asked.get(), topic.c_str(), partition);
  check(rd_kafka_committed(consumer.get(), asked.get(), kLimitMs), "committed");
  return asked->elems[0].offset;
}

TestMessage parts_of(const rd_kafka_message_t& message) {
  const auto text = [](const void* bytes, std::size_t size) {
    return bytes == nullptr
               ? std::optional<std::string>()
               : std::optional<std::string>(std::string(static_cast<const char*>(bytes), size));
  };
  TestMessage parts{text(message.payload, message.len), text(message.key, message.key_len), {}};
  rd_kafka_headers_t* headers = nullptr;
  if (rd_kafka_message_headers(&message, &headers) == RD_KAFKA_RESP_ERR_NO_ERROR) {
    const char* name = nullptr;
    const void* value = nullptr;
    std::size_t size = 0;
    for (std::size_t i = 0;
         rd_kafka_header_get_all(headers, i, &name, &value, &size) == RD_KAFKA_RESP_ERR_NO_ERROR;
         ++i) {
      parts.headers.emplace_back(name, text(value, size).value_or(""));
    }
  }
  return parts;
}

}  // namespace aev::kafka
