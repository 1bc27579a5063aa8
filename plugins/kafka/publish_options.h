#pragma once

#include <chrono>
#include <optional>

#include <aev/plugin.hpp>

#include "client_options.h"
#include "topic_template.h"

namespace aev::kafka {

/// What a message's value and headers are.
enum class MessageFormat : std::uint8_t {
  kEvent,                  ///< the event's canonical JSON
  kCloudEventsBinary,      ///< the data itself, attributes in `ce_*` headers
  kCloudEventsStructured,  ///< one JSON document with everything
};

/// The `config:` of a `kafka` subscriber.
struct PublishOptions {
  ClientOptions client;
  TopicTemplate topic{"aragora-events"};
  std::optional<EventField> key;  ///< nothing: messages have no key
  MessageFormat format = MessageFormat::kEvent;
  std::vector<Property> headers;    ///< further ones, of each message
  std::vector<Property> producing;  ///< of librdkafka: compression, linger, sizes
  std::chrono::milliseconds linger{5};
  std::size_t max_message_bytes = 0;
};

/// Reads a configuration that fits the schema. Throws sdk::ConfigError for what the schema cannot
/// say.
[[nodiscard]] PublishOptions parse_publish_options(sdk::Json config);

/// JSON Schema, draft 7, of the configuration.
[[nodiscard]] const char* publish_schema() noexcept;

/// The configuration of a producer that waits for `timeout` at most for each message's fate: it is
/// idempotent and hears from all in-sync replicas. Throws std::runtime_error.
[[nodiscard]] ConfPtr make_producer_conf(const PublishOptions& options,
                                         std::chrono::milliseconds timeout);

}  // namespace aev::kafka
