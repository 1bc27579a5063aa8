#include "app/host_options.h"

#include <vector>

namespace aev::app {
namespace {

http::Access access_of(config::Scope scope) {
  switch (scope) {
    case config::Scope::kIngest:
      return http::Access::kIngest;
    case config::Scope::kRead:
      return http::Access::kRead;
    case config::Scope::kAdmin:
      break;
  }
  return http::Access::kAdmin;
}

}  // namespace

store::StoreOptions store_options(const config::Config& config) {
  store::StoreOptions options;
  options.directory = config.data_dir;
  options.sync = config.store.sync_full ? store::SyncMode::kFull : store::SyncMode::kNormal;
  options.max_bytes = config.store.max_size;
  options.events_retention = config.store.events_retention;
  options.attempts_retention = config.store.attempts_retention;
  options.dedup_window = config.store.dedup_window;
  return options;
}

http::ServerOptions server_options(const config::Config& config) {
  const config::ApiConfig& api = config.api;
  http::ServerOptions options;
  options.host = api.host;
  options.port = api.port;
  options.tls_certificate = api.tls_certificate;
  options.tls_key = api.tls_key;
  options.max_connections = api.max_connections;
  options.request_timeout = api.request_timeout;
  options.keep_alive = api.keep_alive;
  return options;
}

std::shared_ptr<const http::Authenticator> authenticator(const config::Config& config) {
  std::vector<http::Token> tokens;
  for (const auto& token : config.api.tokens) {
    http::Token made{token.name, token.token, 0};
    for (const config::Scope scope : token.scopes) {
      made.scopes =
          static_cast<std::uint8_t>(made.scopes | static_cast<std::uint8_t>(access_of(scope)));
    }
    tokens.push_back(std::move(made));
  }
  return std::make_shared<http::Authenticator>(tokens);
}

ingest::IngestLimits ingest_limits(const config::Config& config) {
  return {config.api.max_body_bytes, config.api.max_event_bytes};
}

delivery::DispatcherOptions dispatcher_options(const config::Config& config) {
  return {config.delivery.memory, config.delivery.checkpoint_interval};
}

}  // namespace aev::app
