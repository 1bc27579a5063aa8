#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <vector>

#include <aev/plugin.hpp>

#include "access.h"
#include "address_limits.h"
#include "frame.h"
#include "outbox.h"

namespace aev::websocket {

/// Where to listen.
struct ListenAddress {
  std::string host;  ///< an IP address, without brackets
  std::uint16_t port = 0;
  bool loopback = false;
};

/// How a refusal is told to whoever may not connect.
enum class RefusalStyle : std::uint8_t {
  kCloseCode,  ///< the handshake succeeds and the connection closes with 4401, 4003 or 4029
  kHttp,       ///< HTTP status 401, 403 or 429
};

struct TlsFiles {
  std::string cert_file;  ///< PEM chain; empty: no TLS
  std::string key_file;
  std::string key_password;
};

/// permessage-deflate.
struct Compression {
  bool enabled = false;
  int window_bits = 11;
  int memory_level = 4;
  int level = 3;
  std::size_t min_bytes = 1024;  ///< shorter messages go out as they are
};

struct Limits {
  std::size_t clients = 10'000;
  std::size_t clients_per_address = 10;
  double handshakes_per_minute = 30;
  std::size_t message_bytes = 64 * 1024;
  double messages_per_second = 10;
  double message_burst = 20;
};

struct Timeouts {
  std::chrono::milliseconds handshake{10'000};
  std::chrono::milliseconds send{10'000};  ///< a frame that is not taken by then
  std::chrono::milliseconds ping_interval{30'000};
  std::chrono::milliseconds ping_timeout{10'000};
  std::chrono::milliseconds close{2'000};  ///< for the closing handshake
};

/// The subscriber's `config:`.
struct Options {
  ListenAddress listen;
  FrameFormat format = FrameFormat::kSingle;
  AccessRules access;
  std::vector<std::string> allowed_origins;
  std::vector<Network> trusted_proxies;
  RefusalStyle refusals = RefusalStyle::kCloseCode;
  TlsFiles tls;
  Compression compression;
  Limits limits;
  OutboxLimits outbox;
  Timeouts timeouts;
  std::chrono::milliseconds heartbeat{15'000};
  std::size_t socket_send_buffer = 256 * 1024;
};

/// Reads a configuration that fits the schema. Throws sdk::ConfigError for what the schema cannot
/// say.
[[nodiscard]] Options parse_options(sdk::Json config);

/// JSON Schema, draft 7, of the configuration.
[[nodiscard]] const char* config_schema() noexcept;

}  // namespace aev::websocket
