#include "app/host_process.h"

#include <algorithm>
#include <atomic>
#include <random>

#include "admin/admin_api.h"
#include "admin/admin_handler.h"
#include "app/config_check.h"
#include "app/front_door.h"
#include "app/plugin_path.h"
#include "app/plugin_services.h"
#include "app/subscriber_changes.h"
#include "app/version.h"
#include "core/metrics.h"
#include "core/mutex.h"
#include "delivery/dispatcher.h"
#include "http/authenticator.h"
#include "http/server.h"
#include "ingest/ingest_handler.h"
#include "loader/plugins.h"
#include "routing/router.h"
#include "store/store.h"

namespace aev::app {
namespace {

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

http::ServerOptions server_options(const config::ApiConfig& api) {
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

std::vector<http::Token> tokens_of(const config::ApiConfig& api) {
  std::vector<http::Token> tokens;
  for (const auto& token : api.tokens) {
    http::Token made{token.name, token.token, 0};
    for (const config::Scope scope : token.scopes) {
      made.scopes =
          static_cast<std::uint8_t>(made.scopes | static_cast<std::uint8_t>(access_of(scope)));
    }
    tokens.push_back(std::move(made));
  }
  return tokens;
}

/// A plugin that does not let go of its last deliveries must not hold a reload for long.
constexpr auto kReloadDrain = std::chrono::seconds(10);

/// For the jitter of retries only, so a cheap generator with a real seed serves.
delivery::Dispatcher::Random make_random() {
  return [engine = std::mt19937_64(std::random_device{}())]() mutable {
    return std::uniform_real_distribution<double>(0, 1)(engine);
  };
}

Result<std::function<bool(const events::Event&)>> pattern_check(const std::string& match_json) {
  std::vector<routing::PatternError> errors;
  const auto router = routing::Router::compile({{"match", match_json, false, {1}}}, errors);
  if (!errors.empty()) {
    return Error{ErrorCode::kInvalid, "match: " + errors.front().message, errors.front().pointer};
  }
  return std::function<bool(const events::Event&)>(
      [router](const events::Event& event) { return !router->route(event).unmatched; });
}

class HostProcessImpl final : public HostProcess {
 public:
  HostProcessImpl(const config::Config& config, const Log& log)
      : config_(config), log_(log, "host"), authenticator_(tokens_of(config.api)) {}

  ~HostProcessImpl() override { stop(clock_.mono_now()); }

  Result<void> start(std::vector<config::Problem>& problems) {
    plugins_ = loader::Plugins::open(effective_plugin_path(config_.plugin_path), clock_, metrics_,
                                     Logger(log_.log(), "loader"));
    for (const auto& refused : plugins_->refused()) {
      log_.warning("plugin refused", {{"file", refused.path.string()}, {"reason", refused.reason}});
    }
    check_subscribers(config_, *plugins_, problems);
    check_routes(config_, *plugins_, problems);
    schemas_.store(load_schemas(config_, problems));
    static_cast<void>(compile_routes(config_, provisional_ids(config_), problems));
    if (has_errors(problems)) {
      return Error{ErrorCode::kInvalid, "the configuration is not usable", {}};
    }
    AEV_ASSIGN(store_, store::Store::open(store_options(config_), clock_, metrics_,
                                          Logger(log_.log(), "store")));
    AEV_RETURN_IF_ERROR(start_delivery(problems));
    return start_server();
  }

  std::string base_url() const override {
    const std::string scheme = config_.api.tls_certificate.empty() ? "http://" : "https://";
    const std::string& host = config_.api.host;
    const bool v6 = host.find(':') != std::string::npos;
    return scheme + (v6 ? "[" + host + "]" : host) + ":" + std::to_string(server_->port());
  }

  ReloadReport reload() override {
    const MutexLock lock(reloading_);
    ReloadReport report;
    auto loaded = config::load(config_.file, config::process_environment());
    report.problems = std::move(loaded.problems);
    if (loaded.config) {
      report.refused = take(std::move(*loaded.config), report);
    } else {
      report.refused = Error{
          ErrorCode::kInvalid, config_.file.string() + " is wrong: the host goes on as it was", {}};
    }
    if (report.refused) {
      log_.error("reload refused", {{"reason", report.refused->message}});
    } else {
      log_.info("configuration reloaded", {{"routes", report.routes},
                                           {"added", report.added.size()},
                                           {"changed", report.changed.size()},
                                           {"removed", report.removed.size()}});
    }
    return report;
  }

  void stop(MonoTime deadline) override {
    stopping_ = true;
    if (server_) {
      server_->stop(deadline);
    }
    if (dispatcher_) {
      dispatcher_->stop(deadline);
    }
    server_.reset();
    dispatcher_.reset();
    services_.reset();
    store_.reset();
  }

 private:
  /// Takes what a running host can take of `next`; an error if everything stays as it was.
  std::optional<Error> take(config::Config next, ReloadReport& report) {
    check_subscribers(next, *plugins_, report.problems);
    check_routes(next, *plugins_, report.problems);
    auto schemas = load_schemas(next, report.problems);
    static_cast<void>(compile_routes(next, provisional_ids(next), report.problems));
    if (has_errors(report.problems)) {
      return Error{
          ErrorCode::kInvalid, next.file.string() + " is wrong: the host goes on as it was", {}};
    }
    warn_of_restart(config_, next, report.problems);
    const SubscriberChanges changes = compare_subscribers(config_, next);
    auto known = store_->subscribers();
    if (!known) {
      return std::move(known.error());
    }
    std::vector<std::string> registered;  // by this reload: forgotten again if it is refused
    auto switched = switch_to(next, changes, *known, registered);
    if (!switched) {
      for (const std::string& name : registered) {
        static_cast<void>(store_->forget_subscriber(name));
      }
      return std::move(switched.error());
    }
    report.added = changes.added;
    report.changed = changes.changed;
    report.removed = changes.removed;
    report.unchanged = next.subscribers.size() - changes.added.size() - changes.changed.size();
    report.routes = next.routes.size();
    config_.subscribers = std::move(next.subscribers);
    config_.routes = std::move(next.routes);
    config_.schemas = std::move(next.schemas);
    schema_rules_.store(make_schema_rules(schemas));
    schemas_.store(std::move(schemas));
    return std::nullopt;
  }

  Result<void> switch_to(const config::Config& next,
                         const SubscriberChanges& changes,
                         const std::vector<store::SubscriberRecord>& known,
                         std::vector<std::string>& registered) {
    std::vector<delivery::SubscriberSpec> fresh;
    std::vector<events::SubscriberId> ids;
    for (const auto& subscriber : next.subscribers) {
      const bool is_new = std::none_of(known.begin(), known.end(), [&](const auto& record) {
        return record.name == subscriber.name;
      });
      AEV_ASSIGN(auto record, store_->register_subscriber(subscriber.name));
      if (is_new) {
        registered.push_back(subscriber.name);
      }
      ids.push_back(record.id);
      if (changes.concerns(subscriber.name)) {
        AEV_RETURN_IF_ERROR(services_->add_subscriber(subscriber.name, record.id));
        fresh.push_back(
            {std::move(record), subscriber.plugin, subscriber.config_json, subscriber.policy});
      }
    }
    std::vector<config::Problem> none;  // it compiled before, with other numbers
    auto router = compile_routes(next, ids, none);
    return dispatcher_->reconfigure(
        std::move(fresh), changes.removed, [&] { router_.store(std::move(router)); },
        std::min<Duration>(config_.delivery.drain_timeout, kReloadDrain));
  }

  Result<void> start_delivery(std::vector<config::Problem>& problems) {
    dispatcher_ = delivery::Dispatcher::create(
        {config_.delivery.memory, config_.delivery.checkpoint_interval}, *store_, *plugins_, clock_,
        make_random(), pattern_check, metrics_, Logger(log_.log(), "delivery"));
    schema_rules_.store(make_schema_rules(schemas_.load()));
    services_ = std::make_unique<PluginServices>(ingest_parts());
    plugins_->serve(*services_);
    std::vector<delivery::SubscriberSpec> specs;
    std::vector<events::SubscriberId> ids;
    for (const auto& subscriber : config_.subscribers) {
      AEV_ASSIGN(auto record, store_->register_subscriber(subscriber.name));
      ids.push_back(record.id);
      AEV_RETURN_IF_ERROR(services_->add_subscriber(subscriber.name, record.id));
      specs.push_back(
          {std::move(record), subscriber.plugin, subscriber.config_json, subscriber.policy});
    }
    router_.store(compile_routes(config_, ids, problems));
    store_->set_commit_listener(
        [dispatcher = dispatcher_.get()](std::span<const events::RoutedEvent> events) {
          dispatcher->on_committed(events);
        });
    return dispatcher_->start(std::move(specs));
  }

  ingest::IngestParts ingest_parts() {
    return {*store_,
            [this] { return router_.load(); },
            clock_,
            metrics_,
            Logger(log_.log(), "ingest"),
            {config_.api.max_body_bytes, config_.api.max_event_bytes},
            [this] { return schema_rules_.load(); }};
  }

  std::shared_ptr<const ingest::SchemaRules> make_schema_rules(
      std::shared_ptr<const events::EventSchemas> schemas) {
    return std::make_shared<ingest::SchemaRules>(std::move(schemas), config_.schemas, metrics_,
                                                 Logger(log_.log(), "ingest"));
  }

  Result<void> start_server() {
    ingest_ = std::make_unique<ingest::IngestHandler>(ingest_parts());
    api_ = std::make_unique<admin::AdminApi>(admin::AdminParts{
        *store_, *dispatcher_, *plugins_, metrics_, clock_, std::string(kVersion),
        [this](std::string& why) {
          why = "the host is stopping";
          return !stopping_.load();
        },
        [this] { return schemas_.load(); }, [this] { return to_response(reload()); }});
    admin_ = std::make_unique<admin::AdminHandler>(*api_);
    front_door_ = std::make_unique<FrontDoor>(authenticator_, *ingest_, *admin_);
    AEV_ASSIGN(server_, http::Server::start(server_options(config_.api), *front_door_, clock_,
                                            metrics_, Logger(log_.log(), "http")));
    return {};
  }

  Mutex reloading_;
  config::Config config_;  // after start(): its routes and subscribers belong to who is reloading
  const Logger log_;
  const SystemClock clock_;
  Metrics metrics_;
  const http::Authenticator authenticator_;
  std::atomic<bool> stopping_{false};
  std::atomic<std::shared_ptr<const routing::Router>> router_;
  std::atomic<std::shared_ptr<const events::EventSchemas>> schemas_;
  std::atomic<std::shared_ptr<const ingest::SchemaRules>> schema_rules_;
  std::unique_ptr<loader::Plugins> plugins_;
  std::unique_ptr<store::Store> store_;
  std::unique_ptr<PluginServices> services_;
  std::unique_ptr<delivery::Dispatcher> dispatcher_;
  std::unique_ptr<http::Handler> ingest_;
  std::unique_ptr<admin::AdminApi> api_;
  std::unique_ptr<http::Handler> admin_;
  std::unique_ptr<FrontDoor> front_door_;
  std::unique_ptr<http::Server> server_;
};

}  // namespace

Result<std::unique_ptr<HostProcess>> HostProcess::start(const config::Config& config,
                                                        const Log& log,
                                                        std::vector<config::Problem>& problems) {
  auto process = std::make_unique<HostProcessImpl>(config, log);
  AEV_RETURN_IF_ERROR(process->start(problems));
  return std::unique_ptr<HostProcess>(std::move(process));
}

}  // namespace aev::app
