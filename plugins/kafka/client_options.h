#pragma once

#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <Poco/JSON/Object.h>

#include "rdkafka_handles.h"

namespace aev::kafka {

/// A property of librdkafka and its value.
using Property = std::pair<std::string, std::string>;

/// What a client of a cluster needs, producer or consumer: where the brokers are and how to prove
/// who one is.
struct ClientOptions {
  std::string brokers;               ///< host:port, separated by commas
  std::vector<Property> connection;  ///< from `tls`, `sasl` and `client_id`
  std::vector<Property> extra;       ///< the free map `librdkafka`, checked
};

/// Parses the text of a `config:`. Throws sdk::ConfigError if it is not a JSON object.
[[nodiscard]] Poco::JSON::Object::Ptr parse_object(std::string_view config);

/// Text of a member, or `otherwise` if it is absent.
[[nodiscard]] std::string text_of(const Poco::JSON::Object& object,
                                  const std::string& name,
                                  const std::string& otherwise = {});

/// Reads `brokers`, `client_id`, `tls`, `sasl` and `librdkafka`. `owned` are the properties that
/// other options set: naming one of them, or one of those that this function sets, in the free map
/// is an error, as is a property or value that librdkafka itself refuses. Throws sdk::ConfigError.
[[nodiscard]] ClientOptions read_client_options(const Poco::JSON::Object& config,
                                                std::span<const std::string_view> owned);

/// Sets a property; throws std::runtime_error with librdkafka's reason.
void set_property(rd_kafka_conf_t& conf, const std::string& name, const std::string& value);

/// A configuration with all that `options` says.
[[nodiscard]] ConfPtr make_conf(const ClientOptions& options);

/// A client of that configuration. Throws std::runtime_error with librdkafka's reason.
[[nodiscard]] ClientPtr make_client(rd_kafka_type_t type, ConfPtr conf);

}  // namespace aev::kafka
