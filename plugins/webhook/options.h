#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <aev/plugin.hpp>
#include <aev/webhook_sign.hpp>

#include "address_guard.h"

namespace aev::webhook {

/// Name and value of a header.
using Header = std::pair<std::string, std::string>;

enum class BodyFormat : std::uint8_t { kEvent, kAragora, kCloudEvents };

/// The subscriber's `config:` as the sender takes it.
struct Options {
  std::string url;
  std::string endpoint;  ///< host:port of the url, the label of metrics
  std::vector<Secret> secrets;
  BodyFormat format = BodyFormat::kEvent;
  bool binary = false;  ///< CloudEvents: attributes in headers, data as the body
  std::vector<std::string> signatures;
  std::vector<Header> headers;
  std::string bearer;
  std::string basic;  ///< user:password
  std::string ca_file;
  std::string cert_file;
  std::string key_file;
  std::string key_password;
  bool insecure_skip_verify = false;
  std::string proxy;
  std::optional<std::chrono::milliseconds> timeout;
  std::chrono::milliseconds connect_timeout{10'000};
  std::size_t max_response = 64 * 1024;
  std::vector<Network> allow_networks;
};

/// Reads a configuration that fits the schema. Throws sdk::ConfigError for what the schema cannot
/// say.
[[nodiscard]] Options parse_options(sdk::Json config);

/// JSON Schema, draft 7, of the configuration.
[[nodiscard]] const char* config_schema() noexcept;

}  // namespace aev::webhook
