#pragma once

#include <chrono>
#include <string>
#include <vector>

#include <aev/plugin.hpp>

#include "client_options.h"
#include "topic_template.h"

namespace aev::kafka {

/// What the values of messages are that have no `content-type` header.
enum class SourceFormat : std::uint8_t {
  kEvent,        ///< events as the HTTP API takes them: one JSON object or an array
  kCloudEvents,  ///< CloudEvents in structured mode
  kData,         ///< anything: the value becomes the data of an event
};

/// The `config:` of a `kafka_source` subscriber.
struct SourceOptions {
  ClientOptions client;
  std::vector<std::string> topics;  ///< names, and patterns that begin with ^
  std::string group;
  std::string start;  ///< librdkafka's auto.offset.reset
  bool cooperative = true;
  std::chrono::milliseconds commit_interval{1000};
  SourceFormat format = SourceFormat::kEvent;
  std::string event_type;  ///< of events that are made by kData
  std::size_t max_in_flight = 0;
  std::size_t max_in_flight_bytes = 0;
  bool malformed_to_topic = true;  ///< otherwise they become events of the host
  std::string dead_letter_prefix;
  bool dead_letter_per_topic = true;  ///< the message's own topic stands between the two
  std::string dead_letter_suffix;
};

/// Reads a configuration that fits the schema. Throws sdk::ConfigError for what the schema cannot
/// say.
[[nodiscard]] SourceOptions parse_source_options(sdk::Json config);

/// JSON Schema, draft 7, of the configuration.
[[nodiscard]] const char* source_schema() noexcept;

/// The configuration of a member of the group: it commits what is stored, and stores nothing by
/// itself. Throws std::runtime_error.
[[nodiscard]] ConfPtr make_consumer_conf(const SourceOptions& options);

/// The configuration of the producer of dead letters. Throws std::runtime_error.
[[nodiscard]] ConfPtr make_dead_letter_conf(const SourceOptions& options);

}  // namespace aev::kafka
