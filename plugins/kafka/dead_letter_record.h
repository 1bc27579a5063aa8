#pragma once

#include <cstdint>
#include <string>

#include "rdkafka_handles.h"

namespace aev::kafka {

/// Why a message is no event, and when that was found.
struct DeadLetterReason {
  std::string type;  ///< `malformed`, or the name of what refused it
  std::string text;
  std::int64_t failed_at_unix_ns = 0;
};

/// The JSON that stands for a message in a dead-letter topic: {original_topic, original_partition,
/// original_offset, original_key, original_value, original_headers, original_timestamp,
/// error_message, error_type, retry_count, failed_at}. A value that is JSON stands as it is, other
/// text as a string, other bytes in `original_value_base64`; `with_value` false leaves it out.
[[nodiscard]] std::string dead_letter_json(const rd_kafka_message_t& message,
                                           const DeadLetterReason& reason,
                                           bool with_value);

}  // namespace aev::kafka
