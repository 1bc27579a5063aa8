#pragma once

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "rdkafka_handles.h"
// After rdkafka.h, says librdkafka.
#include <librdkafka/rdkafka_mock.h>

namespace aev::kafka {

/// A message to be written, or its parts for a test to look at.
struct TestMessage {
  std::optional<std::string> value;
  std::optional<std::string> key;
  std::vector<std::pair<std::string, std::string>> headers;
};

/// librdkafka's mock cluster: brokers on loopback, in this process, that can be told to fail.
class MockCluster {
 public:
  explicit MockCluster(int brokers = 1);
  ~MockCluster();
  MockCluster(const MockCluster&) = delete;
  MockCluster& operator=(const MockCluster&) = delete;

  /// As an option of the plugin: `["127.0.0.1:1"]`.
  [[nodiscard]] std::string brokers_json() const;

  void create_topic(const std::string& topic, int partitions) const;

  /// The next requests of that kind (0: Produce) fail with these.
  void fail(std::int16_t api_key, const std::vector<rd_kafka_resp_err_t>& errors) const;

  void set_down(bool down) const;

  /// Writes messages into a partition and waits until they are there.
  void produce(const std::string& topic,
               std::int32_t partition,
               const std::vector<TestMessage>& messages) const;

  /// The first `count` messages of a partition; waits for them, gives up after 30 s. They must not
  /// outlive the cluster.
  [[nodiscard]] std::vector<MessagePtr> read(const std::string& topic,
                                             std::int32_t partition,
                                             std::size_t count) const;

  /// What the group has committed; -1001 (RD_KAFKA_OFFSET_INVALID) if nothing.
  [[nodiscard]] std::int64_t committed(const std::string& group,
                                       const std::string& topic,
                                       std::int32_t partition) const;

  [[nodiscard]] rd_kafka_mock_cluster_t* raw() const { return cluster_; }

 private:
  [[nodiscard]] ClientPtr client(rd_kafka_type_t type, const std::string& group) const;

  ClientPtr keeper_;  // of the cluster; only that
  rd_kafka_mock_cluster_t* cluster_;
  ClientPtr producer_;
  mutable std::vector<ClientPtr> readers_;  // what was read refers to them
};

/// The parts of a message.
[[nodiscard]] TestMessage parts_of(const rd_kafka_message_t& message);

}  // namespace aev::kafka
