#include "options.h"

#include <algorithm>
#include <memory>

#include <Poco/JSON/Parser.h>
#include <curl/curl.h>

#include <aev/config_units.hpp>

namespace aev::webhook {
namespace {

using Poco::JSON::Object;

/// Headers that this plugin or HTTP itself sets.
constexpr std::string_view kReserved[] = {
    "content-type",      "content-length",    "host",
    "transfer-encoding", "connection",        "expect",
    "webhook-id",        "webhook-timestamp", "webhook-signature"};

std::string text(const Object& object, const std::string& name) {
  return object.has(name) ? object.getValue<std::string>(name) : std::string();
}

std::chrono::milliseconds duration(const Object& object, const std::string& name) {
  using namespace std::chrono_literals;
  return sdk::duration_in("/" + name, text(object, name), 1ms, 24h);
}

std::string lower(std::string name) {
  std::transform(name.begin(), name.end(), name.begin(),
                 [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; });
  return name;
}

std::string url_part(CURLU* url, CURLUPart part, unsigned flags = 0) {
  char* value = nullptr;
  if (curl_url_get(url, part, &value, flags) != CURLUE_OK) {
    return {};
  }
  std::string copy(value);
  curl_free(value);
  return copy;
}

void read_url(const Object& config, Options& options) {
  options.url = text(config, "url");
  const std::unique_ptr<CURLU, decltype(&curl_url_cleanup)> url(curl_url(), &curl_url_cleanup);
  const CURLUcode parsed = curl_url_set(url.get(), CURLUPART_URL, options.url.c_str(), 0);
  if (parsed != CURLUE_OK) {
    throw sdk::ConfigError("/url",
                           "'" + options.url + "' is not a URL: " + curl_url_strerror(parsed));
  }
  if (!url_part(url.get(), CURLUPART_USER).empty()) {
    throw sdk::ConfigError("/url", "a user and password in the URL end up in logs; use auth.basic");
  }
  options.endpoint = url_part(url.get(), CURLUPART_HOST) + ":" +
                     url_part(url.get(), CURLUPART_PORT, CURLU_DEFAULT_PORT);
}

void read_secrets(const Object& config, Options& options) {
  const auto add = [&](const std::string& secret, const std::string& path) {
    try {
      options.secrets.push_back(parse_secret(secret));
      if (!options.secrets.back().can_sign()) {
        throw sdk::ConfigError(path,
                               "a whpk_ key can only verify; give the whsk_ key to sign with");
      }
    } catch (const std::invalid_argument& fault) {
      throw sdk::ConfigError(path, fault.what());
    }
  };
  if (config.has("secret") && config.has("secrets")) {
    throw sdk::ConfigError("/secrets", "give either secret or secrets, not both");
  }
  if (config.has("secret")) {
    add(text(config, "secret"), "/secret");
  }
  if (const auto list = config.getArray("secrets")) {
    for (unsigned i = 0; i < list->size(); ++i) {
      add(list->getElement<std::string>(i), "/secrets/" + std::to_string(i));
    }
  }
  if (options.secrets.empty()) {
    throw sdk::ConfigError(
        "",
        "deliveries are signed: give `secret`, or set EVENT_SIGNATURE_SECRET in the environment");
  }
}

void read_format(const Object& config, Options& options) {
  const std::string format = text(config, "format");
  options.format = format == "aragora"       ? BodyFormat::kAragora
                   : format == "cloudevents" ? BodyFormat::kCloudEvents
                                             : BodyFormat::kEvent;
  options.binary = text(config, "mode") == "binary";
  if (config.has("mode") && options.format != BodyFormat::kCloudEvents) {
    throw sdk::ConfigError("/mode", "mode is for `format: cloudevents` only");
  }
  if (const auto list = config.getArray("signatures")) {
    for (unsigned i = 0; i < list->size(); ++i) {
      options.signatures.push_back(list->getElement<std::string>(i));
    }
  } else {
    options.signatures.emplace_back("standard");
  }
  const auto has = [&](const char* scheme) {
    return std::find(options.signatures.begin(), options.signatures.end(), scheme) !=
           options.signatures.end();
  };
  if (has("aragora") && has("aragora-timestamped")) {
    throw sdk::ConfigError("/signatures",
                           "aragora and aragora-timestamped use the same header; choose one");
  }
  const bool symmetric = std::any_of(options.secrets.begin(), options.secrets.end(),
                                     [](const Secret& secret) { return secret.fits_aragora(); });
  const bool standard = std::any_of(options.secrets.begin(), options.secrets.end(),
                                    [](const Secret& secret) { return secret.fits_standard(); });
  if (!standard && has("standard")) {
    throw sdk::ConfigError("/secret", "what follows whsec_ must be base64 for the standard scheme");
  }
  if (!symmetric && (has("aragora") || has("aragora-timestamped"))) {
    throw sdk::ConfigError("/signatures",
                           "Aragora's schemes need a symmetric secret, not a whsk_ key");
  }
}

void read_headers(const Object& config, Options& options) {
  const auto headers = config.getObject("headers");
  if (!headers) {
    return;
  }
  for (const auto& [name, value] : *headers) {
    const std::string path = "/headers/" + name;
    const std::string plain = lower(name);
    const bool token = !name.empty() && name.find_first_not_of(
                                            "!#$%&'*+-.^_`|~0123456789abcdefghijklmnopqrstuvwxyz"
                                            "ABCDEFGHIJKLMNOPQRSTUVWXYZ") == std::string::npos;
    if (!token) {
      throw sdk::ConfigError(path, "'" + name + "' is not a header name");
    }
    if (std::find(std::begin(kReserved), std::end(kReserved), plain) != std::end(kReserved) ||
        plain.starts_with("ce-") || plain.starts_with("x-aragora-")) {
      throw sdk::ConfigError(path, "the header '" + name + "' is set by the webhook plugin itself");
    }
    const auto content = value.convert<std::string>();
    if (content.find_first_of(std::string_view("\r\n\0", 3)) != std::string::npos) {
      throw sdk::ConfigError(path, "a header's value is one line");
    }
    options.headers.emplace_back(name, content);
  }
}

void read_connection(const Object& config, Options& options) {
  if (const auto auth = config.getObject("auth")) {
    options.bearer = text(*auth, "bearer");
    if (const auto basic = auth->getObject("basic")) {
      options.basic = text(*basic, "user") + ":" + text(*basic, "password");
    }
  }
  if (const auto tls = config.getObject("tls")) {
    options.ca_file = text(*tls, "ca_file");
    options.cert_file = text(*tls, "cert_file");
    options.key_file = text(*tls, "key_file");
    options.key_password = text(*tls, "key_password");
    options.insecure_skip_verify = tls->optValue("insecure_skip_verify", false);
    if (options.cert_file.empty() != options.key_file.empty()) {
      throw sdk::ConfigError("/tls", "mutual TLS needs both cert_file and key_file");
    }
  }
  options.proxy = text(config, "proxy");
  if (config.has("timeout")) {
    options.timeout = duration(config, "timeout");
  }
  if (config.has("connect_timeout")) {
    options.connect_timeout = duration(config, "connect_timeout");
  }
  options.max_response = config.optValue<std::size_t>("max_response", options.max_response);
  if (const auto list = config.getArray("allow_networks")) {
    for (unsigned i = 0; i < list->size(); ++i) {
      try {
        options.allow_networks.push_back(parse_network(list->getElement<std::string>(i)));
      } catch (const std::invalid_argument& fault) {
        throw sdk::ConfigError("/allow_networks/" + std::to_string(i), fault.what());
      }
    }
  }
}

}  // namespace

Options parse_options(sdk::Json config) {
  Object::Ptr object;
  try {
    object = Poco::JSON::Parser().parse(std::string(config)).extract<Object::Ptr>();
  } catch (const Poco::Exception& fault) {
    throw sdk::ConfigError("", "the configuration is not a JSON object: " + fault.message());
  }
  Options options;
  read_url(*object, options);
  read_secrets(*object, options);
  read_format(*object, options);
  read_headers(*object, options);
  read_connection(*object, options);
  return options;
}

}  // namespace aev::webhook
