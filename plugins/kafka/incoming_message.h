#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <aev/plugin.hpp>

#include "rdkafka_handles.h"
#include "source_options.h"

namespace aev::kafka {

/// A message's headers; views into the message.
using MessageHeaders = std::vector<std::pair<std::string_view, std::string_view>>;

/// In their order; those without a value have an empty one.
[[nodiscard]] MessageHeaders headers_of(const rd_kafka_message_t& message);

/// A message as the host takes it.
struct IncomingMessage {
  enum class Kind : std::uint8_t {
    kBody,       ///< for emit_body()
    kData,       ///< for emit(): the value is data
    kTombstone,  ///< no value: nothing to take
  };

  Kind kind = Kind::kBody;
  std::string id;  ///< of an event that has none of its own
  std::string content_type;
  std::vector<std::pair<std::string, std::string>> headers;  ///< `ce-…`, as HTTP writes them
  std::string_view body;                                     ///< in the message, or in `own_body`
  std::string own_body;
};

/// Reads how a message is written: its `content-type` header decides, `ce_…` headers make it a
/// CloudEvent in binary mode, and `format` is for messages that have neither. Not copied or moved
/// while `body` is used.
void read_message(const rd_kafka_message_t& message, SourceFormat format, IncomingMessage& out);

}  // namespace aev::kafka
