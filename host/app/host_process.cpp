#include "app/host_process.h"

#include <algorithm>
#include <atomic>
#include <random>

#include "admin/admin_api.h"
#include "admin/admin_handler.h"
#include "app/config_check.h"
#include "app/configuration_status.h"
#include "app/front_door.h"
#include "app/host_options.h"
#include "app/next_configuration.h"
#include "app/plugin_path.h"
#include "app/plugin_services.h"
#include "app/reload_turns.h"
#include "app/settings_changes.h"
#include "app/version.h"
#include "core/metrics.h"
#include "core/snapshot.h"
#include "delivery/dispatcher.h"
#include "http/authenticator.h"
#include "http/server.h"
#include "ingest/ingest_handler.h"
#include "loader/plugins.h"
#include "routing/router.h"
#include "store/store.h"

namespace aev::app {
namespace {

/// How long a reload waits for deliveries in flight of subscribers that changed or went.
constexpr auto kReloadPatience = std::chrono::seconds(30);

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

/// What connections and plugins meet with each request. Immutable; a reload swaps it as a whole.
struct Rules {
  std::shared_ptr<const routing::Router> router;
  std::shared_ptr<const events::EventSchemas> schemas;
  std::shared_ptr<const ingest::SchemaRules> schema_rules;
  std::shared_ptr<const http::Authenticator> tokens;
  ingest::IngestLimits limits;
};

class HostProcessImpl final : public HostProcess {
 public:
  HostProcessImpl(const config::Config& config, Log& log)
      : config_(config),
        drain_timeout_(config.delivery.drain_timeout),
        sink_(log),
        log_(log, "host"),
        status_(config.file.string(), clock_, metrics_) {}

  ~HostProcessImpl() override { stop(clock_.mono_now()); }

  Result<void> start(std::vector<config::Problem>& problems) {
    plugins_ = loader::Plugins::open(effective_plugin_path(config_.plugin_path), clock_, metrics_,
                                     Logger(sink_, "loader"));
    check_subscribers(config_, *plugins_, problems);
    check_routes(config_, *plugins_, problems);
    auto schemas = load_schemas(config_, problems);
    static_cast<void>(compile_routes(config_, provisional_ids(config_), problems));
    if (has_errors(problems)) {
      return Error{ErrorCode::kInvalid, "the configuration is not usable", {}};
    }
    AEV_ASSIGN(store_, store::Store::open(store_options(config_), clock_, metrics_,
                                          Logger(sink_, "store")));
    AEV_RETURN_IF_ERROR(start_delivery(std::move(schemas), problems));
    return start_server();
  }

  std::string base_url() const override { return base_url_; }

  Duration drain_timeout() const override { return drain_timeout_.load(); }

  ReloadReport reload() override {
    return turns_.run([this] {
      ReloadReport report = try_reload();
      status_.note(report);
      log_problems(report.problems);
      if (report.refused) {
        log_.error("reload refused, the host goes on as it was",
                   {{"reason", report.refused->message}});
      } else {
        log_.info("configuration reloaded", {{"generation", report.generation},
                                             {"routes", report.routes},
                                             {"added", report.added.size()},
                                             {"changed", report.changed.size()},
                                             {"removed", report.removed.size()},
                                             {"settings", report.settings.size()}});
      }
      return report;
    });
  }

  void stop(MonoTime deadline) override {
    stopping_ = true;
    if (dispatcher_) {
      dispatcher_->interrupt();
    }
    turns_.close();
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
  /// Also for whoever did not ask by a call that answers: a signal has nobody to tell.
  void log_problems(const std::vector<config::Problem>& problems) const {
    for (const config::Problem& problem : problems) {
      const std::string text = config::to_string(problem);
      if (problem.warning) {
        log_.warning("the configuration is doubtful", {{"problem", text}});
      } else {
        log_.error("the configuration is wrong", {{"problem", text}});
      }
    }
  }

  /// In two halves: what can fail comes first and touches nothing, then all is switched.
  ReloadReport try_reload() {
    ReloadReport report;
    if (!started_.load()) {  // a request can be faster than the rest of start()
      report.refused = Error{ErrorCode::kConflict, "the host is still starting", {}};
      return report;
    }
    const auto wrong = [&] {
      report.refused = Error{
          ErrorCode::kInvalid, config_.file.string() + " is wrong: the host goes on as it was", {}};
      return report;
    };
    auto next = read_next_configuration(config_, *plugins_, *rules_.load()->schemas, clock_,
                                        metrics_, sink_, report.problems);
    if (!next) {
      return wrong();
    }
    auto take_server_options = server_->prepare(server_options(next->config));
    if (!take_server_options) {
      report.problems.push_back({place_of("api.tls", next->shown, next->config), "api.tls",
                                 take_server_options.error().message});
      return wrong();
    }
    const auto plugins_before = plugins_->catalogue();
    plugins_->use(next->plugins->catalogue());
    std::vector<std::string> registered;  // by this reload: forgotten again if it is refused
    auto switched = switch_to(*next, *take_server_options, registered);
    if (!switched) {
      plugins_->use(plugins_before);
      for (const std::string& name : registered) {
        static_cast<void>(store_->forget_subscriber(name));
      }
      report.problems.push_back(subscriber_problem(next->config, switched.error()));
      // That something cannot start is no fault of this program.
      const bool invalid = switched.error().code == ErrorCode::kInvalid;
      report.refused = Error{invalid ? ErrorCode::kInvalid : ErrorCode::kConflict,
                             std::move(switched.error().message),
                             {}};
      return report;
    }
    report.added = std::move(next->subscribers.added);
    report.changed = std::move(next->subscribers.changed);
    report.removed = std::move(next->subscribers.removed);
    report.unchanged =
        next->config.subscribers.size() - report.added.size() - report.changed.size();
    report.policy_only = std::move(switched->same_instance);
    report.draining = std::move(switched->still_draining);
    report.settings = std::move(next->settings);
    report.routes = next->config.routes.size();
    config_ = std::move(next->config);
    return report;
  }

  Result<delivery::Reconfigured> switch_to(const NextConfiguration& next,
                                           const std::function<void()>& take_server_options,
                                           std::vector<std::string>& registered) {
    AEV_ASSIGN(const auto known, store_->subscribers());
    std::vector<delivery::SubscriberSpec> fresh;
    std::vector<events::SubscriberId> ids;
    for (const auto& subscriber : next.config.subscribers) {
      const bool is_new = std::none_of(known.begin(), known.end(), [&](const auto& record) {
        return record.name == subscriber.name;
      });
      AEV_ASSIGN(auto record, store_->register_subscriber(subscriber.name));
      if (is_new) {
        registered.push_back(subscriber.name);
      }
      ids.push_back(record.id);
      if (next.subscribers.concerns(subscriber.name)) {
        AEV_RETURN_IF_ERROR(services_->add_subscriber(subscriber.name, record.id));
        fresh.push_back(spec_of(subscriber, std::move(record)));
      }
    }
    std::vector<config::Problem> none;  // it compiled before, with other numbers
    auto rules = make_rules(next.config, compile_routes(next.config, ids, none), next.schemas);
    return dispatcher_->reconfigure(
        std::move(fresh), next.subscribers.removed,
        [&] {
          rules_.store(std::move(rules));
          take_server_options();
          take_settings(next.config);
        },
        kReloadPatience);
  }

  /// None of this can fail.
  void take_settings(const config::Config& next) {
    sink_.set_level(next.log.level);
    sink_.set_format(next.log.format);
    drain_timeout_ = next.delivery.drain_timeout;
    store_->set_options(store_options(next));
    dispatcher_->set_options(dispatcher_options(next));
  }

  delivery::SubscriberSpec spec_of(const config::SubscriberConfig& subscriber,
                                   store::SubscriberRecord record) const {
    return {std::move(record), subscriber.plugin, plugins_->file_of(subscriber.plugin).string(),
            subscriber.config_json, subscriber.policy};
  }

  std::shared_ptr<const Rules> make_rules(const config::Config& config,
                                          std::shared_ptr<const routing::Router> router,
                                          std::shared_ptr<const events::EventSchemas> schemas) {
    auto rules = std::make_shared<Rules>();
    rules->router = std::move(router);
    rules->schema_rules = std::make_shared<ingest::SchemaRules>(schemas, config.schemas, metrics_,
                                                                Logger(sink_, "ingest"));
    rules->schemas = std::move(schemas);
    rules->tokens = authenticator(config);
    rules->limits = ingest_limits(config);
    return rules;
  }

  Result<void> start_delivery(std::shared_ptr<const events::EventSchemas> schemas,
                              std::vector<config::Problem>& problems) {
    dispatcher_ = delivery::Dispatcher::create(dispatcher_options(config_), *store_, *plugins_,
                                               clock_, make_random(), pattern_check, metrics_,
                                               Logger(sink_, "delivery"));
    services_ = std::make_unique<PluginServices>(ingest_parts());
    plugins_->serve(*services_);
    std::vector<delivery::SubscriberSpec> specs;
    std::vector<events::SubscriberId> ids;
    for (const auto& subscriber : config_.subscribers) {
      AEV_ASSIGN(auto record, store_->register_subscriber(subscriber.name));
      ids.push_back(record.id);
      AEV_RETURN_IF_ERROR(services_->add_subscriber(subscriber.name, record.id));
      specs.push_back(spec_of(subscriber, std::move(record)));
    }
    rules_.store(make_rules(config_, compile_routes(config_, ids, problems), std::move(schemas)));
    store_->set_commit_listener(
        [dispatcher = dispatcher_.get()](std::span<const events::RoutedEvent> events) {
          dispatcher->on_committed(events);
        });
    return dispatcher_->start(std::move(specs));
  }

  ingest::IngestParts ingest_parts() {
    return {*store_,
            [this] { return rules_.load()->router; },
            clock_,
            metrics_,
            Logger(sink_, "ingest"),
            [this] { return rules_.load()->limits; },
            [this] { return rules_.load()->schema_rules; }};
  }

  /// Not while a reload may be about to bring the subscriber back.
  Result<void> forget(const std::string& name) {
    Result<void> done = Error{ErrorCode::kConflict, "the host is stopping", {}};
    turns_.alone([&] {
      const bool configured =
          std::any_of(config_.subscribers.begin(), config_.subscribers.end(),
                      [&](const auto& subscriber) { return subscriber.name == name; });
      if (configured || dispatcher_->is_leaving(name)) {
        done = Error{ErrorCode::kConflict,
                     "subscriber '" + name +
                         (configured ? "' has been configured again meanwhile"
                                     : "' still has deliveries in flight; try again in a moment"),
                     {}};
      } else {
        done = store_->forget_subscriber(name);
      }
    });
    return done;
  }

  Result<void> start_server() {
    ingest_ = std::make_unique<ingest::IngestHandler>(ingest_parts());
    api_ = std::make_unique<admin::AdminApi>(admin::AdminParts{
        *store_, *dispatcher_, *plugins_, metrics_, clock_, std::string(kVersion),
        [this](std::string& why) {
          why = "the host is stopping";
          return !stopping_.load();
        },
        [this] { return rules_.load()->schemas; }, [this] { return to_response(reload()); },
        [this](const std::string& name) { return forget(name); },
        [this] { return status_.to_json(); }});
    admin_ = std::make_unique<admin::AdminHandler>(*api_);
    front_door_ =
        std::make_unique<FrontDoor>([this] { return rules_.load()->tokens; }, *ingest_, *admin_);
    AEV_ASSIGN(server_, http::Server::start(server_options(config_), *front_door_, clock_, metrics_,
                                            Logger(sink_, "http")));
    const std::string& host = config_.api.host;
    const bool v6 = host.find(':') != std::string::npos;
    base_url_ = (config_.api.tls_certificate.empty() ? "http://" : "https://") +
                (v6 ? "[" + host + "]" : host) + ":" + std::to_string(server_->port());
    started_ = true;
    return {};
  }

  ReloadTurns turns_;
  config::Config config_;  // after start(): of whoever has the turn
  std::atomic<Duration> drain_timeout_;
  Log& sink_;
  const Logger log_;
  const SystemClock clock_;
  Metrics metrics_;
  ConfigurationStatus status_;
  std::string base_url_;  // constant after start()
  std::atomic<bool> started_{false};
  std::atomic<bool> stopping_{false};
  Snapshot<Rules> rules_;
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
                                                        Log& log,
                                                        std::vector<config::Problem>& problems) {
  auto process = std::make_unique<HostProcessImpl>(config, log);
  AEV_RETURN_IF_ERROR(process->start(problems));
  return std::unique_ptr<HostProcess>(std::move(process));
}

}  // namespace aev::app
