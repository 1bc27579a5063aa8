#include "source_options.h"

#include <limits>
#include <regex.h>
#include <stdexcept>

#include <aev/config_units.hpp>

namespace aev::kafka {
namespace {

using Poco::JSON::Object;

/// Properties that the options, or the promise that nothing is lost, stand for.
constexpr std::string_view kOwned[] = {"group.id",
                                       "auto.offset.reset",
                                       "partition.assignment.strategy",
                                       "enable.auto.commit",
                                       "auto.commit.enable",
                                       "enable.auto.offset.store",
                                       "auto.commit.interval.ms",
                                       "offset.store.method",
                                       "enable.partition.eof"};

std::vector<std::string> read_topics(const Object& config) {
  std::vector<std::string> topics;
  const auto list = config.getArray("topics");
  for (unsigned i = 0; list && i < list->size(); ++i) {
    const auto topic = list->getElement<std::string>(i);
    const std::string path = "/topics/" + std::to_string(i);
    if (topic.starts_with('^')) {
      regex_t compiled;  // the syntax that librdkafka compiles it with
      const int wrong = regcomp(&compiled, topic.c_str(), REG_EXTENDED | REG_NOSUB);
      if (wrong != 0) {
        char why[128];
        regerror(wrong, &compiled, why, sizeof why);
        throw sdk::ConfigError(path, "'" + topic + "' is no regular expression: " + why);
      }
      regfree(&compiled);
    } else if (const std::string why = refuse_topic_name(topic); !why.empty()) {
      throw sdk::ConfigError(path, why + "; a pattern begins with ^");
    }
    topics.push_back(topic);
  }
  return topics;
}

void read_malformed(const Object& config, SourceOptions& options) {
  std::string topic = "{topic}.dlq";
  if (const auto malformed = config.getObject("malformed")) {
    options.malformed_to_topic = text_of(*malformed, "to", "topic") == "topic";
    if (malformed->has("topic") && !options.malformed_to_topic) {
      throw sdk::ConfigError("/malformed/topic", "topic is for `to: topic` only");
    }
    topic = text_of(*malformed, "topic", topic);
  }
  constexpr std::string_view kPlace = "{topic}";
  const std::size_t at = topic.find(kPlace);
  options.dead_letter_prefix = topic.substr(0, at);
  if (at != std::string::npos) {
    options.dead_letter_suffix = topic.substr(at + kPlace.size());
  }
  const std::string example = options.dead_letter_prefix + (at == std::string::npos ? "" : "t") +
                              options.dead_letter_suffix;
  if (const std::string why = refuse_topic_name(example); !why.empty()) {
    throw sdk::ConfigError("/malformed/topic",
                           why + "; the name may hold {topic} once, for the message's own topic");
  }
  if (options.dead_letter_prefix.empty() && options.dead_letter_suffix.empty()) {
    throw sdk::ConfigError("/malformed/topic",
                           "a dead letter would go back to the topic that it came from");
  }
  options.dead_letter_per_topic = at != std::string::npos;
}

}  // namespace

SourceOptions parse_source_options(sdk::Json text) {
  const Object::Ptr config = parse_object(text);
  SourceOptions options;
  options.client = read_client_options(*config, kOwned);
  options.topics = read_topics(*config);
  options.group = text_of(*config, "group");
  options.start = text_of(*config, "start", "earliest");
  options.cooperative = text_of(*config, "assignment", "cooperative") == "cooperative";
  using namespace std::chrono_literals;
  options.commit_interval =
      sdk::duration_in("/commit_interval", text_of(*config, "commit_interval", "1s"), 1ms, 24h);
  const std::string format = text_of(*config, "format", "event");
  options.format = format == "cloudevents" ? SourceFormat::kCloudEvents
                   : format == "data"      ? SourceFormat::kData
                                           : SourceFormat::kEvent;
  options.event_type = text_of(*config, "event_type", "kafka_message");
  if (config->has("event_type") && options.format != SourceFormat::kData) {
    throw sdk::ConfigError("/event_type", "event_type is for `format: data` only");
  }
  options.max_in_flight = config->optValue<std::size_t>("max_in_flight", 1000);
  options.max_in_flight_bytes = static_cast<std::size_t>(
      sdk::size_in("/max_in_flight_bytes", text_of(*config, "max_in_flight_bytes", "16MiB"), 1,
                   std::int64_t{std::numeric_limits<std::int32_t>::max()}));
  read_malformed(*config, options);
  try {
    static_cast<void>(make_consumer_conf(options));
    static_cast<void>(make_dead_letter_conf(options));
  } catch (const std::runtime_error& refused) {
    throw sdk::ConfigError("", std::string("librdkafka says: ") + refused.what());
  }
  return options;
}

ConfPtr make_consumer_conf(const SourceOptions& options) {
  ConfPtr conf = make_conf(options.client);
  set_property(*conf, "group.id", options.group);
  set_property(*conf, "auto.offset.reset", options.start);
  set_property(*conf, "partition.assignment.strategy",
               options.cooperative ? "cooperative-sticky" : "range,roundrobin");
  set_property(*conf, "enable.auto.commit", "true");
  set_property(*conf, "enable.auto.offset.store", "false");
  set_property(*conf, "auto.commit.interval.ms", std::to_string(options.commit_interval.count()));
  return conf;
}

ConfPtr make_dead_letter_conf(const SourceOptions& options) {
  ConfPtr conf(rd_kafka_conf_new());
  set_property(*conf, "bootstrap.servers", options.client.brokers);
  for (const auto& [name, value] : options.client.connection) {
    set_property(*conf, name, value);
  }
  // Of the free map only what concerns connections: the rest is the consumer's.
  for (const auto& [name, value] : options.client.extra) {
    if (name.starts_with("socket.") || name.starts_with("ssl.") || name.starts_with("sasl.") ||
        name.starts_with("broker.") || name.starts_with("reconnect.")) {
      set_property(*conf, name, value);
    }
  }
  set_property(*conf, "enable.idempotence", "true");
  set_property(*conf, "linger.ms", "5");
  set_property(*conf, "compression.codec", "lz4");
  set_property(*conf, "message.timeout.ms", "30000");
  set_property(*conf, "topic.metadata.propagation.max.ms", "5000");
  return conf;
}

}  // namespace aev::kafka
