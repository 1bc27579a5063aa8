#pragma once

#include <cstddef>
#include <cstdint>
#include <string>

#include "rdkafka_handles.h"

namespace aev::kafka {

/// A message for a producer. Pointers are borrowed; those of key and value may be null for none.
struct OutgoingMessage {
  rd_kafka_topic_t* topic = nullptr;  ///< or null, and its name:
  const char* topic_name = nullptr;
  std::int32_t partition = RD_KAFKA_PARTITION_UA;  ///< chosen by the key
  const void* key = nullptr;
  std::size_t key_bytes = 0;
  const void* value = nullptr;
  std::size_t value_bytes = 0;
  bool copy_value = false;  ///< otherwise it stays where it is until the delivery report
  HeadersPtr headers;
  void* opaque = nullptr;  ///< comes with the delivery report
};

/// Queues a message; never blocks. An error means that there will be no report, and `why`, if it is
/// not null, says it in words.
[[nodiscard]] rd_kafka_resp_err_t produce(rd_kafka_t& client,
                                          OutgoingMessage message,
                                          std::string* why = nullptr);

/// A copy of the message's headers; empty if it has none.
[[nodiscard]] HeadersPtr copy_headers(const rd_kafka_message_t& message);

}  // namespace aev::kafka
