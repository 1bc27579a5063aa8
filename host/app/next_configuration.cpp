#include "app/next_configuration.h"

#include <algorithm>
#include <utility>

#include "app/config_check.h"
#include "app/plugin_path.h"
#include "app/settings_changes.h"

namespace aev::app {
namespace {

/// A subscriber whose plugin comes from another file than before has changed like any other.
void note_other_libraries(const config::Config& next,
                          const loader::Plugins& before,
                          const loader::Plugins& after,
                          SubscriberChanges& changes) {
  for (const auto& subscriber : next.subscribers) {
    if (!changes.concerns(subscriber.name) &&
        before.file_of(subscriber.plugin) != after.file_of(subscriber.plugin)) {
      changes.changed.push_back(subscriber.name);
    }
  }
}

/// A library cannot be exchanged while the process lives, which whoever installed one must know.
void warn_of_changed_libraries(const loader::Plugins& plugins,
                               std::vector<config::Problem>& problems) {
  for (const loader::PluginInfo& plugin : plugins.plugins()) {
    if (plugin.changed_since_loaded) {
      problems.push_back({{plugin.path.string(), 0, 0},
                          "plugins.path",
                          "has changed since it was loaded: the host goes on with what it loaded "
                          "until it is restarted",
                          true});
    }
  }
}

bool same(const events::EventSchemas& a, const events::EventSchemas& b) {
  const auto one = a.all();
  const auto other = b.all();
  return std::equal(one.begin(), one.end(), other.begin(), other.end(),
                    [](const events::EventSchema* x, const events::EventSchema* y) {
                      return x->event_type == y->event_type && x->json == y->json;
                    });
}

}  // namespace

std::optional<NextConfiguration> read_next_configuration(const config::Config& running,
                                                         const loader::Plugins& plugins,
                                                         const events::EventSchemas& schemas,
                                                         const Clock& clock,
                                                         Metrics& metrics,
                                                         const Log& log,
                                                         std::vector<config::Problem>& problems) {
  auto loaded = config::load(running.file, config::process_environment());
  problems = std::move(loaded.problems);
  if (!loaded.config) {
    return std::nullopt;
  }
  NextConfiguration next;
  next.config = std::move(*loaded.config);
  next.shown = std::move(loaded.shown);
  next.plugins = loader::Plugins::open(effective_plugin_path(next.config.plugin_path), clock,
                                       metrics, Logger(log, "loader"));
  check_subscribers(next.config, *next.plugins, problems);
  check_routes(next.config, *next.plugins, problems);
  next.schemas = load_schemas(next.config, problems);
  static_cast<void>(compile_routes(next.config, provisional_ids(next.config), problems));
  next.settings = compare_settings(running, next.config, next.shown, problems);
  warn_of_changed_libraries(*next.plugins, problems);
  if (has_errors(problems)) {
    return std::nullopt;
  }
  const bool named =
      std::find(next.settings.begin(), next.settings.end(), "schemas") != next.settings.end();
  if (!named && !same(schemas, *next.schemas)) {
    next.settings.emplace_back("schemas");  // the YAML is the same, a file is not
  }
  keep_what_needs_restart(running, next.config);
  next.subscribers = compare_subscribers(running, next.config);
  note_other_libraries(next.config, plugins, *next.plugins, next.subscribers);
  return next;
}

config::Problem subscriber_problem(const config::Config& config, const Error& error) {
  const std::string rest = error.pointer.empty() ? std::string() : error.pointer.substr(1);
  const std::string name = rest.substr(0, rest.find('/'));
  const std::string pointer = rest.substr(name.size());
  const auto subscriber = std::find_if(config.subscribers.begin(), config.subscribers.end(),
                                       [&](const auto& each) { return each.name == name; });
  if (subscriber == config.subscribers.end()) {
    return {{config.file.string(), 0, 0}, {}, error.message};
  }
  const std::string prefix = "subscriber '" + name + "': ";  // the path says that already
  std::string message =
      error.message.starts_with(prefix) ? error.message.substr(prefix.size()) : error.message;
  if (pointer.empty()) {
    return {subscriber->where, "subscribers." + name, std::move(message)};
  }
  return problem_at(*subscriber, pointer, std::move(message));
}

}  // namespace aev::app
