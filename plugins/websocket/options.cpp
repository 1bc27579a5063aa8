#include "options.h"

#include <charconv>

#include <simdjson.h>

#include <aev/config_units.hpp>

namespace aev::websocket {
namespace {

namespace dom = simdjson::dom;

/// A map of the configuration and its JSON Pointer. Absent members leave the default as it is;
/// their types have been checked by the schema.
class Section {
 public:
  Section(dom::element value, std::string path) : path_(std::move(path)) {
    present_ = value.get(object_) == simdjson::SUCCESS;
  }

  [[nodiscard]] std::string path(std::string_view name) const {
    return path_ + "/" + std::string(name);
  }

  [[nodiscard]] bool find(std::string_view name, dom::element& out) const {
    return present_ && object_[name].get(out) == simdjson::SUCCESS;
  }

  [[nodiscard]] Section section(std::string_view name) const {
    dom::element value;
    return find(name, value) ? Section(value, path(name)) : Section(path(name));
  }

  void read(std::string_view name, std::string& out) const {
    dom::element value;
    std::string_view text;
    if (find(name, value) && value.get(text) == simdjson::SUCCESS) {
      out = text;
    }
  }

  void read(std::string_view name, bool& out) const {
    dom::element value;
    bool flag = false;
    if (find(name, value) && value.get(flag) == simdjson::SUCCESS) {
      out = flag;
    }
  }

  template <typename Number>
  void read_number(std::string_view name, Number& out) const {
    dom::element value;
    double number = 0;
    if (find(name, value) && value.get(number) == simdjson::SUCCESS) {
      out = static_cast<Number>(number);
    }
  }

  void read(std::string_view name, std::vector<std::string>& out) const {
    dom::element value;
    dom::array list;
    if (!find(name, value) || value.get(list) != simdjson::SUCCESS) {
      return;
    }
    for (const dom::element each : list) {
      std::string_view text;
      if (each.get(text) == simdjson::SUCCESS) {
        out.emplace_back(text);
      }
    }
  }

  void read_duration(std::string_view name, std::chrono::milliseconds& out) const {
    std::string text;
    read(name, text);
    if (text.empty()) {
      return;
    }
    using namespace std::chrono_literals;
    out = sdk::duration_in(path(name), text, 1ms, 24h);
  }

  void read_size(std::string_view name, std::size_t least, std::size_t& out) const {
    std::string text;
    read(name, text);
    if (text.empty()) {
      return;
    }
    out = static_cast<std::size_t>(
        sdk::size_in(path(name), text, static_cast<std::int64_t>(least), 1 << 30));
  }

 private:
  explicit Section(std::string path) : path_(std::move(path)) {}

  std::string path_;
  bool present_ = false;
  dom::object object_;
};

ListenAddress parse_listen(const std::string& text) {
  const auto wrong = [&](const char* why) {
    return sdk::ConfigError("/listen", "'" + text + "' " + why +
                                           "; expected address:port such as 127.0.0.1:8765 or "
                                           "[::]:8765, port 0 for any that is free");
  };
  const std::size_t colon = text.rfind(':');
  if (colon == std::string::npos) {
    throw wrong("has no port");
  }
  ListenAddress listen;
  const std::string_view digits = std::string_view(text).substr(colon + 1);
  const auto [end, error] =
      std::from_chars(digits.data(), digits.data() + digits.size(), listen.port);
  if (error != std::errc() || end != digits.data() + digits.size()) {
    throw wrong("has no valid port");
  }
  std::string host = text.substr(0, colon);
  if (host.size() > 2 && host.front() == '[' && host.back() == ']') {
    host = host.substr(1, host.size() - 2);
  } else if (host.find(':') != std::string::npos) {
    throw wrong("needs brackets around an IPv6 address");
  }
  listen.host = host == "localhost" ? "127.0.0.1" : host;
  try {
    static_cast<void>(Network(listen.host));
  } catch (const std::invalid_argument&) {
    throw wrong("has no IP address");
  }
  listen.loopback = Network("127.0.0.0/8").contains(listen.host) || listen.host == "::1";
  return listen;
}

void read_tokens(const Section& auth, AccessRules& access) {
  dom::element value;
  dom::array list;
  if (!auth.find("tokens", value) || value.get(list) != simdjson::SUCCESS) {
    return;
  }
  std::size_t index = 0;
  for (const dom::element each : list) {
    const Section entry(each, auth.path("tokens") + "/" + std::to_string(index++));
    AccessToken token;
    entry.read("name", token.name);
    entry.read("token", token.token);
    entry.read("debates", token.debates);
    if (token.token.size() < 8) {
      throw sdk::ConfigError(entry.path("token"), "a token has at least 8 characters");
    }
    for (const AccessToken& other : access.tokens) {
      if (other.token == token.token) {
        throw sdk::ConfigError(entry.path("token"),
                               "is the same as that of '" + other.name + "'; each needs its own");
      }
    }
    access.tokens.push_back(std::move(token));
  }
}

void read_auth(const Section& config, Options& options) {
  const Section auth = config.section("auth");
  read_tokens(auth, options.access);
  auth.read("signing_secret", options.access.signing_secret);
  auth.read("query_token", options.access.query_token);
  const bool any = !options.access.tokens.empty() || !options.access.signing_secret.empty();
  options.access.required = any;
  auth.read("required", options.access.required);
  if (options.access.required && !any) {
    throw sdk::ConfigError("/auth/required",
                           "nobody could connect: give auth.tokens or auth.signing_secret");
  }
  dom::element given;
  const bool decided = auth.find("required", given);
  if (!options.listen.loopback && !any && !decided) {
    throw sdk::ConfigError("/listen", "'" + options.listen.host +
                                          "' is reached from other machines: give auth.tokens or "
                                          "auth.signing_secret, or say auth: {required: false}");
  }
}

void read_origins(const Section& config, Options& options) {
  config.read("allowed_origins", options.allowed_origins);
  std::vector<std::string> proxies;
  config.read("trusted_proxies", proxies);
  for (std::size_t i = 0; i < proxies.size(); ++i) {
    try {
      options.trusted_proxies.emplace_back(proxies[i]);
    } catch (const std::invalid_argument& fault) {
      throw sdk::ConfigError("/trusted_proxies/" + std::to_string(i), fault.what());
    }
  }
}

void read_tls(const Section& config, Options& options) {
  const Section tls = config.section("tls");
  tls.read("cert_file", options.tls.cert_file);
  tls.read("key_file", options.tls.key_file);
  tls.read("key_password", options.tls.key_password);
}

void read_compression(const Section& config, Compression& out) {
  const Section section = config.section("compression");
  section.read("enabled", out.enabled);
  section.read_number("window_bits", out.window_bits);
  section.read_number("memory_level", out.memory_level);
  section.read_number("level", out.level);
  section.read_size("min_bytes", 1, out.min_bytes);
}

void read_bounds(const Section& config, Options& options) {
  const Section limits = config.section("limits");
  limits.read_number("clients", options.limits.clients);
  limits.read_number("clients_per_address", options.limits.clients_per_address);
  limits.read_number("handshakes_per_minute", options.limits.handshakes_per_minute);
  limits.read_size("message_bytes", 256, options.limits.message_bytes);
  limits.read_number("messages_per_second", options.limits.messages_per_second);
  limits.read_number("message_burst", options.limits.message_burst);
  const Section queue = config.section("send_queue");
  queue.read_number("messages", options.outbox.messages);
  queue.read_size("bytes", 4096, options.outbox.bytes);
  const Section timeouts = config.section("timeouts");
  timeouts.read_duration("handshake", options.timeouts.handshake);
  timeouts.read_duration("send", options.timeouts.send);
  timeouts.read_duration("ping_interval", options.timeouts.ping_interval);
  timeouts.read_duration("ping_timeout", options.timeouts.ping_timeout);
  timeouts.read_duration("close", options.timeouts.close);
  config.read_duration("heartbeat", options.heartbeat);
  config.read_size("socket_send_buffer", 4096, options.socket_send_buffer);
}

}  // namespace

Options parse_options(sdk::Json config) {
  dom::parser parser;
  dom::element root;
  if (const auto error = parser.parse(config.data(), config.size(), true).get(root)) {
    throw sdk::ConfigError(
        "", std::string("the configuration is not JSON: ") + simdjson::error_message(error));
  }
  const Section top(root, "");
  Options options;
  std::string listen = "127.0.0.1:8765";
  top.read("listen", listen);
  options.listen = parse_listen(listen);
  std::string format;
  top.read("format", format);
  options.format = format == "array" ? FrameFormat::kArray : FrameFormat::kSingle;
  std::string refusals;
  top.read("refusals", refusals);
  options.refusals = refusals == "http" ? RefusalStyle::kHttp : RefusalStyle::kCloseCode;
  read_auth(top, options);
  read_origins(top, options);
  read_tls(top, options);
  read_compression(top, options.compression);
  read_bounds(top, options);
  return options;
}

}  // namespace aev::websocket
