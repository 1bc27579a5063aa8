#pragma once

#include <memory>

#include <librdkafka/rdkafka.h>

namespace aev::kafka {

/// Frees what librdkafka's C functions hand out.
struct Releaser {
  void operator()(rd_kafka_conf_t* conf) const noexcept { rd_kafka_conf_destroy(conf); }

  void operator()(rd_kafka_queue_t* queue) const noexcept { rd_kafka_queue_destroy(queue); }

  void operator()(rd_kafka_event_t* event) const noexcept { rd_kafka_event_destroy(event); }

  void operator()(rd_kafka_topic_t* topic) const noexcept { rd_kafka_topic_destroy(topic); }

  void operator()(rd_kafka_headers_t* headers) const noexcept { rd_kafka_headers_destroy(headers); }

  void operator()(rd_kafka_message_t* message) const noexcept { rd_kafka_message_destroy(message); }

  void operator()(rd_kafka_error_t* error) const noexcept { rd_kafka_error_destroy(error); }

  void operator()(rd_kafka_topic_partition_list_t* list) const noexcept {
    rd_kafka_topic_partition_list_destroy(list);
  }

  void operator()(rd_kafka_t* client) const noexcept { rd_kafka_destroy(client); }
};

using ConfPtr = std::unique_ptr<rd_kafka_conf_t, Releaser>;
using QueuePtr = std::unique_ptr<rd_kafka_queue_t, Releaser>;
using EventPtr = std::unique_ptr<rd_kafka_event_t, Releaser>;
using TopicPtr = std::unique_ptr<rd_kafka_topic_t, Releaser>;
using HeadersPtr = std::unique_ptr<rd_kafka_headers_t, Releaser>;
using MessagePtr = std::unique_ptr<rd_kafka_message_t, Releaser>;
using ErrorPtr = std::unique_ptr<rd_kafka_error_t, Releaser>;
using PartitionsPtr = std::unique_ptr<rd_kafka_topic_partition_list_t, Releaser>;

/// A client; destroying one waits for its threads. What a producer still holds must have been
/// purged before, and a consumer closed.
using ClientPtr = std::unique_ptr<rd_kafka_t, Releaser>;

}  // namespace aev::kafka
