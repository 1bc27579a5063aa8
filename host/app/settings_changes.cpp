#include "app/settings_changes.h"

#include <algorithm>
#include <charconv>
#include <optional>
#include <string_view>

namespace aev::app {
namespace {

/// Takes `:12` off the end of `text`.
std::optional<int> cut_number(std::string_view& text) {
  const std::size_t colon = text.rfind(':');
  if (colon == std::string_view::npos) {
    return std::nullopt;
  }
  const std::string_view digits = text.substr(colon + 1);
  int number = 0;
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), number);
  if (error != std::errc() || end != digits.data() + digits.size()) {
    return std::nullopt;
  }
  text = text.substr(0, colon);
  return number;
}

/// The place in an origin as `config show` prints it: `file:line:column`, perhaps with more in
/// parentheses.
std::optional<config::Location> place_in(std::string_view origin) {
  origin = origin.substr(0, origin.find(" ("));
  const auto column = cut_number(origin);
  const auto line = column ? cut_number(origin) : std::nullopt;
  if (!line) {
    return std::nullopt;
  }
  return config::Location{std::string(origin), *line, *column};
}

bool same_listen(const config::ApiConfig& a, const config::ApiConfig& b) {
  return a.host == b.host && a.port == b.port;
}

bool has_tls(const config::ApiConfig& api) {
  return !api.tls_certificate.empty();
}

bool same_schemas(const config::SchemaConfig& a, const config::SchemaConfig& b) {
  return a.path == b.path && a.standard == b.standard && a.events == b.events;
}

}  // namespace

config::Location place_of(const std::string& path,
                          const std::vector<config::Loaded::Shown>& shown,
                          const config::Config& config) {
  for (const auto& each : shown) {
    const bool within = each.path.starts_with(path) &&
                        (each.path.size() == path.size() || each.path[path.size()] == '.' ||
                         each.path[path.size()] == '[');
    if (within) {
      if (auto place = place_in(each.origin)) {
        return std::move(*place);
      }
    }
  }
  return {config.file.string(), 0, 0};
}

std::vector<std::string> compare_settings(const config::Config& running,
                                          const config::Config& next,
                                          const std::vector<config::Loaded::Shown>& shown,
                                          std::vector<config::Problem>& problems) {
  std::vector<std::string> taken;
  const auto note = [&](bool differs, const char* path) {
    if (differs) {
      taken.emplace_back(path);
    }
  };
  const config::ApiConfig& api = running.api;
  note(api.tokens != next.api.tokens, "api.auth.tokens");
  note(has_tls(api) && has_tls(next.api) &&
           (api.tls_certificate != next.api.tls_certificate || api.tls_key != next.api.tls_key),
       "api.tls");
  note(api.max_connections != next.api.max_connections, "api.max_connections");
  note(api.max_body_bytes != next.api.max_body_bytes, "api.max_body");
  note(api.max_event_bytes != next.api.max_event_bytes, "api.max_event");
  note(api.request_timeout != next.api.request_timeout, "api.request_timeout");
  note(api.keep_alive != next.api.keep_alive, "api.keep_alive");
  note(running.store.sync_full != next.store.sync_full, "store.sync");
  note(running.store.max_size != next.store.max_size, "store.max_size");
  note(running.store.events_retention != next.store.events_retention, "store.retention.events");
  note(running.store.attempts_retention != next.store.attempts_retention,
       "store.retention.attempts");
  note(running.store.dedup_window != next.store.dedup_window, "store.dedup_window");
  note(running.log.level != next.log.level, "log.level");
  note(running.log.format != next.log.format, "log.format");
  note(running.delivery.memory != next.delivery.memory, "delivery.memory");
  note(running.delivery.checkpoint_interval != next.delivery.checkpoint_interval,
       "delivery.checkpoint_interval");
  note(running.delivery.drain_timeout != next.delivery.drain_timeout, "delivery.drain_timeout");
  note(running.plugin_path != next.plugin_path, "plugins.path");
  note(!same_schemas(running.schemas, next.schemas), "schemas");

  const auto warn = [&](bool differs, const char* path) {
    if (differs) {
      problems.push_back({place_of(path, shown, next), path,
                          "has changed, which takes effect at the next restart", true});
    }
  };
  const bool moved = !same_listen(api, next.api);
  warn(running.data_dir != next.data_dir, "data_dir");
  warn(moved, "api.listen");
  warn(has_tls(api) != has_tls(next.api), "api.tls");
  if (moved && !api.tokens.empty() && next.api.tokens.empty()) {
    // The next address may be loopback, which needs none; the one of now may be open to others.
    problems.push_back({place_of("api.listen", shown, next), "api.auth.tokens",
                        "cannot go while the host still listens on " + api.host + ":" +
                            std::to_string(api.port) + ": restart it"});
  }
  return taken;
}

void keep_what_needs_restart(const config::Config& running, config::Config& next) {
  next.data_dir = running.data_dir;
  next.api.host = running.api.host;
  next.api.port = running.api.port;
  if (has_tls(running.api) != has_tls(next.api)) {
    next.api.tls_certificate = running.api.tls_certificate;
    next.api.tls_key = running.api.tls_key;
  }
}

}  // namespace aev::app
