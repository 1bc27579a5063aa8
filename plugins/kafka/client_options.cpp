#include "client_options.h"

#include <algorithm>
#include <array>
#include <stdexcept>

#include <Poco/JSON/Parser.h>

#include <aev/plugin.hpp>

namespace aev::kafka {
namespace {

using Poco::JSON::Object;

/// Properties (and their aliases) of every client that options of ours stand for, by the option to
/// use instead; an empty one means that the plugin's way of working depends on it.
constexpr std::array<std::pair<std::string_view, std::string_view>, 17> kOwned{{
    {"bootstrap.servers", "brokers"},
    {"metadata.broker.list", "brokers"},
    {"client.id", "client_id"},
    {"security.protocol", "tls and sasl"},
    {"sasl.mechanism", "sasl.mechanism"},
    {"sasl.mechanisms", "sasl.mechanism"},
    {"sasl.username", "sasl.username"},
    {"sasl.password", "sasl.password"},
    {"ssl.ca.location", "tls.ca_file"},
    {"ssl.certificate.location", "tls.cert_file"},
    {"ssl.key.location", "tls.key_file"},
    {"ssl.key.password", "tls.key_password"},
    {"enable.ssl.certificate.verification", "tls.insecure_skip_verify"},
    {"ssl.endpoint.identification.algorithm", "tls.verify_hostname"},
    {"log_level", ""},
    {"log.queue", ""},
    {"opaque", ""},
}};

/// Holds secrets that the free map would show in clear text.
constexpr std::array<std::string_view, 6> kSecret{
    "ssl.key.pem",           "ssl.certificate.pem",     "ssl.ca.pem",
    "ssl.keystore.password", "sasl.oauthbearer.config", "sasl.oauthbearer.client.secret"};

void check_broker(const std::string& broker, const std::string& path) {
  // [::1]:9092 and host:9092; librdkafka would take anything and never connect.
  const std::size_t colon = broker.rfind(':');
  const bool has_port = colon != std::string::npos && colon + 1 < broker.size() && colon > 0 &&
                        std::all_of(broker.begin() + static_cast<std::ptrdiff_t>(colon) + 1,
                                    broker.end(), [](char c) { return c >= '0' && c <= '9'; });
  const bool plain = broker.find_first_of(", /\t") == std::string::npos;
  if (!has_port || !plain || std::stoul(broker.substr(colon + 1, 6)) > 65535) {
    throw sdk::ConfigError(path, "'" + broker + "' is not host:port, such as kafka-1.example:9092");
  }
}

std::string read_brokers(const Object& config) {
  std::string all;
  const auto list = config.getArray("brokers");
  for (unsigned i = 0; list && i < list->size(); ++i) {
    const auto broker = list->getElement<std::string>(i);
    check_broker(broker, "/brokers/" + std::to_string(i));
    all += (all.empty() ? "" : ",") + broker;
  }
  if (all.empty()) {
    throw sdk::ConfigError("/brokers", "name at least one broker as host:port");
  }
  return all;
}

void read_security(const Object& config, ClientOptions& options) {
  const auto add = [&](const Object& section, const char* name, const char* property) {
    if (section.has(name)) {
      options.connection.emplace_back(property, text_of(section, name));
    }
  };
  const auto tls = config.getObject("tls");
  if (tls) {
    add(*tls, "ca_file", "ssl.ca.location");
    add(*tls, "cert_file", "ssl.certificate.location");
    add(*tls, "key_file", "ssl.key.location");
    add(*tls, "key_password", "ssl.key.password");
    if (tls->has("cert_file") != tls->has("key_file")) {
      throw sdk::ConfigError("/tls", "mutual TLS needs both cert_file and key_file");
    }
    if (tls->optValue("insecure_skip_verify", false)) {
      options.connection.emplace_back("enable.ssl.certificate.verification", "false");
    }
    // librdkafka's own default would accept any host's certificate of a trusted authority.
    options.connection.emplace_back("ssl.endpoint.identification.algorithm",
                                    tls->optValue("verify_hostname", true) ? "https" : "none");
  }
  const auto sasl = config.getObject("sasl");
  if (sasl) {
    add(*sasl, "mechanism", "sasl.mechanisms");
    add(*sasl, "username", "sasl.username");
    add(*sasl, "password", "sasl.password");
  }
  options.connection.emplace_back("security.protocol", tls && sasl ? "sasl_ssl"
                                                       : tls       ? "ssl"
                                                       : sasl      ? "sasl_plaintext"
                                                                   : "plaintext");
}

void refuse_owned(const std::string& name,
                  const std::string& path,
                  std::span<const std::string_view> owned) {
  const auto found = std::find_if(kOwned.begin(), kOwned.end(),
                                  [&](const auto& each) { return each.first == name; });
  if (found != kOwned.end() && !found->second.empty()) {
    throw sdk::ConfigError(path,
                           "set `" + std::string(found->second) + "` instead of '" + name + "'");
  }
  if (found != kOwned.end() || std::find(owned.begin(), owned.end(), name) != owned.end() ||
      name.ends_with("_cb")) {
    throw sdk::ConfigError(path,
                           "'" + name + "' is set by the plugin itself, from its own options");
  }
  if (std::find(kSecret.begin(), kSecret.end(), name) != kSecret.end()) {
    throw sdk::ConfigError(
        path, "'" + name + "' would hold a secret in clear sight here; use the files under `tls`");
  }
}

void read_extra(const Object& config,
                std::span<const std::string_view> owned,
                ClientOptions& options) {
  const auto map = config.getObject("librdkafka");
  if (!map) {
    return;
  }
  const ConfPtr scratch(rd_kafka_conf_new());
  for (const auto& [name, value] : *map) {
    const std::string path = "/librdkafka/" + name;
    refuse_owned(name, path, owned);
    const auto written = value.convert<std::string>();
    try {
      set_property(*scratch, name, written);
    } catch (const std::runtime_error& refused) {
      throw sdk::ConfigError(path, std::string("librdkafka says: ") + refused.what());
    }
    options.extra.emplace_back(name, written);
  }
}

}  // namespace

Object::Ptr parse_object(std::string_view config) {
  try {
    return Poco::JSON::Parser().parse(std::string(config)).extract<Object::Ptr>();
  } catch (const Poco::Exception& fault) {
    throw sdk::ConfigError("", "the configuration is not a JSON object: " + fault.message());
  }
}

std::string text_of(const Object& object, const std::string& name, const std::string& otherwise) {
  return object.has(name) ? object.getValue<std::string>(name) : otherwise;
}

ClientOptions read_client_options(const Object& config, std::span<const std::string_view> owned) {
  ClientOptions options;
  options.brokers = read_brokers(config);
  options.connection.emplace_back("client.id", text_of(config, "client_id", "aragora-events"));
  read_security(config, options);
  read_extra(config, owned, options);
  return options;
}

void set_property(rd_kafka_conf_t& conf, const std::string& name, const std::string& value) {
  std::array<char, 512> reason{};
  if (rd_kafka_conf_set(&conf, name.c_str(), value.c_str(), reason.data(), reason.size()) !=
      RD_KAFKA_CONF_OK) {
    throw std::runtime_error(reason.data());
  }
}

ConfPtr make_conf(const ClientOptions& options) {
  ConfPtr conf(rd_kafka_conf_new());
  set_property(*conf, "bootstrap.servers", options.brokers);
  for (const auto* properties : {&options.connection, &options.extra}) {
    for (const auto& [name, value] : *properties) {
      set_property(*conf, name, value);
    }
  }
  return conf;
}

ClientPtr make_client(rd_kafka_type_t type, ConfPtr conf) {
  std::array<char, 512> reason{};
  rd_kafka_t* const client = rd_kafka_new(type, conf.get(), reason.data(), reason.size());
  if (client == nullptr) {
    throw std::runtime_error(std::string("librdkafka cannot make a client: ") + reason.data());
  }
  static_cast<void>(conf.release());  // the client's own now
  return ClientPtr(client);
}

}  // namespace aev::kafka
