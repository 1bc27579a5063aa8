#include "app/config_check.h"

#include <algorithm>
#include <cstdio>

#include "app/route_doubts.h"
#include "app/schema_path.h"

namespace aev::app {
namespace {

std::string known_types(const loader::Plugins& plugins, std::string_view wanted) {
  std::vector<std::string> ids;
  for (const auto& plugin : plugins.plugins()) {
    for (const auto& type : plugin.types) {
      ids.push_back(type.id);
    }
  }
  if (ids.empty()) {
    return "no plugin was found; set plugins.path to the folder that holds them";
  }
  if (const auto meant = config::did_you_mean(wanted, ids); !meant.empty()) {
    return "did you mean '" + meant + "'?";
  }
  std::string list;
  for (const auto& id : ids) {
    list += (list.empty() ? "" : ", ") + id;
  }
  return "there are: " + list;
}

void check_one(const config::SubscriberConfig& subscriber,
               const loader::Plugins& plugins,
               std::vector<config::Problem>& problems) {
  const std::string path = config::path_step("subscribers", subscriber.name);
  const loader::TypeInfo* const type = plugins.find_type(subscriber.plugin);
  if (type == nullptr) {
    std::string message = "no plugin offers the subscriber type '" + subscriber.plugin + "'; " +
                          known_types(plugins, subscriber.plugin);
    for (const auto& refused : plugins.refused()) {
      message += "; " + refused.path.string() + " was refused: " + refused.reason;
    }
    problems.push_back({subscriber.plugin_where, path + ".plugin", message});
    return;
  }
  auto found = config::check_against_schema(subscriber.config_json, type->config_schema_json,
                                            subscriber.config_sources, path + ".config");
  const bool fits = found.empty();
  for (auto& problem : found) {
    if (problem.where.line == 0) {
      problem.where = subscriber.where;
    }
    problems.push_back(std::move(problem));
  }
  if (!fits) {
    return;  // validate() may rely on the schema
  }
  if (const auto valid = plugins.validate(subscriber.plugin, subscriber.config_json); !valid) {
    problems.push_back(problem_at(subscriber, valid.error().pointer, valid.error().message));
  }
}

}  // namespace

config::Problem problem_at(const config::SubscriberConfig& subscriber,
                           const std::string& pointer,
                           std::string message) {
  return {locate(subscriber.config_sources, pointer, subscriber.where),
          path_of_pointer(config::path_step("subscribers", subscriber.name) + ".config", pointer),
          std::move(message)};
}

void check_subscribers(const config::Config& config,
                       const loader::Plugins& plugins,
                       std::vector<config::Problem>& problems) {
  for (const auto& subscriber : config.subscribers) {
    if (!subscriber.plugin.empty()) {  // else reading the file has said so
      check_one(subscriber, plugins, problems);
    }
  }
}

void check_routes(const config::Config& config,
                  const loader::Plugins& plugins,
                  std::vector<config::Problem>& problems) {
  const auto is_source = [&](const config::SubscriberConfig& subscriber) {
    const loader::TypeInfo* const type = plugins.find_type(subscriber.plugin);
    return type != nullptr && type->source;
  };
  for (const auto& subscriber : config.subscribers) {
    bool named = false;
    for (const auto& route : config.routes) {
      const bool goes_there =
          std::find(route.to.begin(), route.to.end(), subscriber.name) != route.to.end();
      named = named || goes_there;
      if (goes_there && is_source(subscriber)) {
        problems.push_back({route.where, route_path(route) + ".to",
                            "'" + subscriber.name + "' brings events in and takes none (plugin '" +
                                subscriber.plugin + "'); take it out of the route"});
      }
    }
    if (!named && !is_source(subscriber)) {
      problems.push_back({subscriber.where, config::path_step("subscribers", subscriber.name),
                          "no route names it, so it gets no events", true});
    }
  }
  const auto every =
      std::find_if(config.routes.begin(), config.routes.end(),
                   [](const auto& route) { return !route.is_default && route.match_json.empty(); });
  if (every == config.routes.end()) {
    return;
  }
  for (const auto& route : config.routes) {
    if (route.is_default) {
      problems.push_back(
          {route.where, route_path(route),
           "can never fire: the route '" + every->name + "' has no match and takes every event",
           true});
    }
  }
}

std::shared_ptr<const events::EventSchemas> load_schemas(const config::Config& config,
                                                         std::vector<config::Problem>& problems) {
  std::vector<events::SchemaFileError> errors;
  auto schemas = events::EventSchemas::load(effective_schema_path(config.schemas.path), errors);
  for (const auto& error : errors) {
    problems.push_back(
        {{error.file.string(), error.line, error.column}, "schemas.path", error.message});
  }
  for (const auto& folder : config.schemas.path) {
    if (!std::filesystem::is_directory(folder)) {
      problems.push_back({{config.file.string(), 0, 0},
                          "schemas.path",
                          folder.string() + " is no folder that can be read"});
    }
  }
  for (const auto& [type, mode] : config.schemas.events) {
    if (mode == config::SchemaMode::kOff || schemas->find(type) != nullptr) {
      continue;
    }
    std::vector<std::string> known;
    for (const events::EventSchema* schema : schemas->all()) {
      known.push_back(schema->event_type);
    }
    const auto meant = config::did_you_mean(type, known);
    problems.push_back({config.schemas.places.at(type), "schemas.events." + type,
                        meant.empty() ? "there is no schema for it: add " + type +
                                            ".json to a folder of schemas.path"
                                      : "there is no schema for it; did you mean '" + meant + "'?",
                        true});
  }
  return schemas;
}

void probe_subscribers(const config::Config& config,
                       loader::Plugins& plugins,
                       Duration patience,
                       std::vector<config::Problem>& problems) {
  /// Whoever probes need not hear what else an instance says.
  class Deaf final : public loader::InstanceListener {
   public:
    void on_started(Result<loader::Limits>) override {}

    void on_settled(std::span<const loader::Settlement>) override {}

    void on_accepted(std::uint64_t, std::uint32_t, bool) override {}

    void on_ready() override {}

    void on_failed(const Error&) override {}

    void on_stopped() override {}
  };

  for (const auto& subscriber : config.subscribers) {
    Deaf deaf;
    const auto instance =
        plugins.create(subscriber.plugin, subscriber.name, subscriber.config_json, deaf);
    const auto reached = instance ? (*instance)->check(patience) : Result<void>(instance.error());
    if (!reached) {
      problems.push_back({subscriber.where, config::path_step("subscribers", subscriber.name),
                          "its receiver is out of reach: " + reached.error().message});
    }
  }
}

std::shared_ptr<const routing::Router> compile_routes(const config::Config& config,
                                                      const std::vector<events::SubscriberId>& ids,
                                                      std::vector<config::Problem>& problems) {
  std::vector<routing::Route> routes;
  for (const auto& route : config.routes) {
    routing::Route compiled{route.name, route.match_json, route.is_default, {}};
    for (const auto& target : route.to) {
      for (std::size_t i = 0; i < config.subscribers.size(); ++i) {
        if (config.subscribers[i].name == target) {
          compiled.to.push_back(ids[i]);
        }
      }
    }
    routes.push_back(std::move(compiled));
  }
  std::vector<routing::PatternError> errors;
  auto router = routing::Router::compile(routes, errors);
  for (const auto& error : errors) {
    const auto route = std::find_if(config.routes.begin(), config.routes.end(),
                                    [&](const auto& each) { return each.name == error.route; });
    if (route == config.routes.end()) {
      problems.push_back({{config.file.string(), 0, 0}, "routes", error.message});
      continue;
    }
    problems.push_back({locate(route->match_sources, error.pointer, route->where),
                        path_of_pointer(route_path(*route) + ".match", error.pointer),
                        error.message});
  }
  return errors.empty() ? router : nullptr;
}

std::vector<events::SubscriberId> provisional_ids(const config::Config& config) {
  std::vector<events::SubscriberId> ids;
  for (std::size_t i = 0; i < config.subscribers.size(); ++i) {
    ids.push_back(static_cast<events::SubscriberId>(i + 1));
  }
  return ids;
}

std::vector<std::string> target_names(const config::Config& config,
                                      const std::vector<events::SubscriberId>& ids,
                                      const events::TargetSet& targets) {
  std::vector<std::string> names;
  for (std::size_t i = 0; i < ids.size(); ++i) {
    if (targets.contains(ids[i])) {
      names.push_back(config.subscribers[i].name);
    }
  }
  return names;
}

bool has_errors(const std::vector<config::Problem>& problems) {
  return std::any_of(problems.begin(), problems.end(),
                     [](const auto& problem) { return !problem.warning; });
}

void print_problems(const std::vector<config::Problem>& problems) {
  for (const auto& problem : problems) {
    std::fprintf(stderr, "%s\n", config::to_string(problem).c_str());
  }
}

}  // namespace aev::app
