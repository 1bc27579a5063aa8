#include "publish_options.h"

#include <algorithm>
#include <limits>
#include <stdexcept>
#include <string_view>

#include <aev/config_units.hpp>

namespace aev::kafka {
namespace {

using Poco::JSON::Object;

constexpr std::int64_t kMaxMessageBytes = 1'000'000'000;  // librdkafka's own limit
constexpr std::int64_t kMaxQueueBytes = std::int64_t{std::numeric_limits<std::int32_t>::max()};

/// Properties that the options below, or the promise of delivery, stand for.
constexpr std::string_view kOwned[] = {"acks",
                                       "request.required.acks",
                                       "enable.idempotence",
                                       "enable.gapless.guarantee",
                                       "transactional.id",
                                       "compression.codec",
                                       "compression.type",
                                       "linger.ms",
                                       "queue.buffering.max.ms",
                                       "batch.num.messages",
                                       "batch.size",
                                       "message.max.bytes",
                                       "message.timeout.ms",
                                       "delivery.timeout.ms",
                                       "queue.buffering.max.messages",
                                       "queue.buffering.max.kbytes",
                                       "delivery.report.only.error",
                                       "dr_cb",
                                       "dr_msg_cb",
                                       "produce.offset.report",
                                       "queuing.strategy",
                                       "statistics.interval.ms"};

MessageFormat read_format(const Object& config) {
  const bool cloudevents = text_of(config, "format", "event") == "cloudevents";
  if (config.has("mode") && !cloudevents) {
    throw sdk::ConfigError("/mode", "mode is for `format: cloudevents` only");
  }
  if (!cloudevents) {
    return MessageFormat::kEvent;
  }
  return text_of(config, "mode", "binary") == "binary" ? MessageFormat::kCloudEventsBinary
                                                       : MessageFormat::kCloudEventsStructured;
}

void read_headers(const Object& config, PublishOptions& options) {
  const auto headers = config.getObject("headers");
  if (!headers) {
    return;
  }
  for (const auto& [name, value] : *headers) {
    if (name.empty() || name == "content-type" || name.starts_with("ce_")) {
      throw sdk::ConfigError("/headers/" + name,
                             name.empty()
                                 ? std::string("a header has a name")
                                 : "the header '" + name + "' is set by the plugin itself");
    }
    options.headers.emplace_back(name, value.convert<std::string>());
  }
}

void read_batches(const Object& config, PublishOptions& options) {
  const auto size = [&](const char* name, const char* otherwise, std::int64_t most) {
    return sdk::size_in(std::string("/") + name, text_of(config, name, otherwise), 1, most);
  };
  const std::int64_t message = size("max_message_bytes", "1000000B", kMaxMessageBytes);
  const std::int64_t batch = size("batch_bytes", "1000000B", kMaxQueueBytes);
  const std::int64_t queue = size("queue_bytes", "64MiB", kMaxQueueBytes);
  options.max_message_bytes = static_cast<std::size_t>(message);
  using namespace std::chrono_literals;
  options.linger = sdk::duration_in("/linger", text_of(config, "linger", "5ms"), 0ms, 15min);
  if (message < 1000) {
    throw sdk::ConfigError("/max_message_bytes", "librdkafka takes no limit below 1000B");
  }
  const auto set = [&](const char* name, const std::string& value) {
    options.producing.emplace_back(name, value);
  };
  set("compression.codec", text_of(config, "compression", "lz4"));
  set("linger.ms", std::to_string(options.linger.count()));
  set("batch.num.messages", std::to_string(config.optValue<int>("batch_messages", 10'000)));
  set("batch.size", std::to_string(batch));
  set("message.max.bytes", std::to_string(message));
  set("queue.buffering.max.messages",
      std::to_string(config.optValue<int>("queue_messages", 100'000)));
  set("queue.buffering.max.kbytes", std::to_string(std::max<std::int64_t>(1, queue / 1024)));
}

bool has_extra(const ClientOptions& client, std::string_view name) {
  return std::any_of(client.extra.begin(), client.extra.end(),
                     [&](const Property& each) { return each.first == name; });
}

}  // namespace

PublishOptions parse_publish_options(sdk::Json text) {
  const Object::Ptr config = parse_object(text);
  PublishOptions options;
  options.client = read_client_options(*config, kOwned);
  try {
    options.topic = TopicTemplate(text_of(*config, "topic", "aragora-events"));
  } catch (const std::invalid_argument& fault) {
    throw sdk::ConfigError("/topic", fault.what());
  }
  try {
    const std::string key = text_of(*config, "key", "debate_id");
    if (key != "none") {
      options.key = parse_event_field(key);
    }
  } catch (const std::invalid_argument& fault) {
    throw sdk::ConfigError("/key",
                           std::string(fault.what()) + "; or none for messages without key");
  }
  options.format = read_format(*config);
  read_headers(*config, options);
  read_batches(*config, options);
  try {
    // What only shows when a client is made: properties that do not fit together, files of `tls`
    // apart, which belong to the machine that runs the host.
    const ConfPtr conf = make_producer_conf(options, std::chrono::hours(1));
  } catch (const std::runtime_error& refused) {
    throw sdk::ConfigError("", std::string("librdkafka says: ") + refused.what());
  }
  return options;
}

ConfPtr make_producer_conf(const PublishOptions& options, std::chrono::milliseconds timeout) {
  ConfPtr conf = make_conf(options.client);
  for (const auto& [name, value] : options.producing) {
    set_property(*conf, name, value);
  }
  set_property(*conf, "enable.idempotence", "true");
  set_property(*conf, "acks", "all");
  set_property(*conf, "message.timeout.ms", std::to_string(timeout.count()));
  if (!has_extra(options.client, "partitioner")) {
    // Where Java's producers would put the same key.
    set_property(*conf, "partitioner", "murmur2_random");
  }
  if (!has_extra(options.client, "topic.metadata.propagation.max.ms")) {
    // A topic that does not exist is to be told from a broker that does not answer: sooner than
    // the message times out.
    const auto wait = std::min<std::chrono::milliseconds>(timeout / 3, std::chrono::seconds(5));
    set_property(*conf, "topic.metadata.propagation.max.ms",
                 std::to_string(std::max<std::int64_t>(1, wait.count())));
  }
  return conf;
}

}  // namespace aev::kafka
