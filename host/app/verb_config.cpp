#include <algorithm>
#include <cstdio>
#include <fstream>

#include <CLI/CLI.hpp>

#include "app/config_check.h"
#include "app/plugin_path.h"
#include "app/route_doubts.h"
#include "app/route_tests.h"
#include "app/verbs.h"
#include "config/config_schema.h"
#include "core/json_writer.h"
#include "core/metrics.h"
#include "events/known_event_types.h"

namespace aev::app {
namespace {

struct ConfigOptions {
  std::string config = "/etc/aragora-events/aragora-events.yaml";
  std::string format = "text";
  bool check = false;
  bool deny_warnings = false;
  bool origin = false;
  std::string output;
  std::vector<std::string> plugin_path;
};

constexpr auto kProbePatience = std::chrono::seconds(10);

void add_options(CLI::App& verb, ConfigOptions& options) {
  verb.add_option("config,-c,--config", options.config, "Configuration file")
      ->capture_default_str();
  verb.add_option("--format", options.format, "text or json")
      ->check(CLI::IsMember({"text", "json"}))
      ->capture_default_str();
}

void print_problems_as_json(const std::vector<config::Problem>& problems) {
  JsonWriter json;
  json.begin_object().field("ok", !has_errors(problems)).key("problems").begin_array();
  for (const auto& problem : problems) {
    json.begin_object()
        .field("file", problem.where.file)
        .field("line", problem.where.line)
        .field("column", problem.where.column)
        .field("path", problem.path)
        .field("message", problem.message)
        .field("severity", problem.warning ? "warning" : "error")
        .end_object();
  }
  json.end_array().end_object();
  std::printf("%s\n", json.take().c_str());
}

/// Whether `path` is, or is within, something that is known to be wrong.
bool is_consequence(const std::string& path, const std::vector<config::Problem>& problems) {
  return std::any_of(problems.begin(), problems.end(), [&](const config::Problem& known) {
    return !known.path.empty() && !known.warning &&
           path.compare(0, known.path.size(), known.path) == 0 &&
           (path.size() == known.path.size() || path[known.path.size()] == '.' ||
            path[known.path.size()] == '[');
  });
}

/// Everything that needs no network, whatever reading the file has found already.
void check_contents(config::Config& config,
                    const loader::Plugins& plugins,
                    std::vector<config::Problem>& problems) {
  std::vector<config::Problem> more;
  const auto beside = config::tests_beside(config.file);
  if (std::filesystem::exists(beside)) {
    config::load_tests(beside, config::process_environment(), config, more);
  }
  check_subscribers(config, plugins, more);
  check_routes(config, plugins, more);
  check_doubts(config, *load_schemas(config, more), more);
  CompiledRoutes routes{config, provisional_ids(config), nullptr};
  routes.router = compile_routes(config, routes.ids, more);
  const bool wrong_targets = std::any_of(problems.begin(), problems.end(), [](const auto& problem) {
    return problem.path.find("].to") != std::string::npos && problem.path.rfind("routes[", 0) == 0;
  });
  const std::vector<config::Problem> known = problems;
  for (config::Problem& problem : more) {
    // A subscriber that a mistyped name was meant for would seem to get nothing.
    const bool seems_unused =
        wrong_targets && problem.warning && problem.path.rfind("subscribers", 0) == 0;
    if (!seems_unused && !is_consequence(problem.path, known)) {
      problems.push_back(std::move(problem));
    }
  }
  if (routes.router != nullptr && !has_errors(problems)) {
    check_tests(routes, problems);
  }
  config::sort_by_place(problems, config.file);
}

ExitCode validate(const ConfigOptions& options) {
  auto loaded = config::load(options.config, config::process_environment());
  bool unreachable = false;
  if (config::Config* const config = loaded.config    ? &*loaded.config
                                     : loaded.unsound ? &*loaded.unsound
                                                      : nullptr) {
    const Log log(2, LogLevel::kError);
    const SystemClock clock;
    Metrics metrics;
    const auto plugins = loader::Plugins::open(effective_plugin_path(config->plugin_path), clock,
                                               metrics, Logger(log, "loader"));
    check_contents(*config, *plugins, loaded.problems);
    if (options.check && !has_errors(loaded.problems)) {
      const std::size_t before = loaded.problems.size();
      probe_subscribers(*config, *plugins, kProbePatience, loaded.problems);
      unreachable = loaded.problems.size() > before;
    }
  }
  const bool bad =
      has_errors(loaded.problems) || (options.deny_warnings && !loaded.problems.empty());
  if (options.format == "json") {
    print_problems_as_json(loaded.problems);
  } else {
    print_problems(loaded.problems);
    if (!bad) {
      std::printf("%s: ok, %zu subscribers, %zu routes\n", options.config.c_str(),
                  loaded.config->subscribers.size(), loaded.config->routes.size());
    }
  }
  // What cannot be reached now may be tomorrow: the configuration itself is right.
  return unreachable ? kExitFailed : bad ? kExitBadConfig : kExitOk;
}

/// What a plugin's schema marks as secret need not have a name that says so.
void hide_plugin_secrets(config::Loaded& loaded) {
  const Log log(2, LogLevel::kError);
  const SystemClock clock;
  Metrics metrics;
  const auto plugins = loader::Plugins::open(effective_plugin_path(loaded.config->plugin_path),
                                             clock, metrics, Logger(log, "loader"));
  for (const auto& subscriber : loaded.config->subscribers) {
    if (const auto* const type = plugins->find_type(subscriber.plugin)) {
      config::hide_secrets(loaded.shown, subscriber.name,
                           config::secret_pointers(type->config_schema_json));
    }
  }
}

ExitCode show(const ConfigOptions& options) {
  auto loaded = config::load(options.config, config::process_environment());
  print_problems(loaded.problems);
  if (!loaded.config) {
    return kExitBadConfig;
  }
  hide_plugin_secrets(loaded);
  if (options.format == "json") {
    JsonWriter json;
    json.begin_array();
    for (const auto& shown : loaded.shown) {
      json.begin_object()
          .field("path", shown.path)
          .field("value", shown.value)
          .field("origin", shown.origin)
          .end_object();
    }
    json.end_array();
    std::printf("%s\n", json.take().c_str());
  } else {
    std::fputs(config::effective_yaml(loaded.shown, options.origin).c_str(), stdout);
  }
  return kExitOk;
}

/// The plugins of the configuration's path if there is one to read, else of the usual places.
std::vector<std::filesystem::path> plugin_path(const ConfigOptions& options) {
  if (options.plugin_path.empty() && options.config.empty()) {
    return effective_plugin_path({});
  }
  if (!options.plugin_path.empty()) {
    return {options.plugin_path.begin(), options.plugin_path.end()};
  }
  const auto loaded = config::load(options.config, config::process_environment());
  print_problems(loaded.problems);
  return loaded.config ? effective_plugin_path(loaded.config->plugin_path)
                       : std::vector<std::filesystem::path>();
}

ExitCode schema(const ConfigOptions& options) {
  const Log log(2, LogLevel::kError);
  const SystemClock clock;
  Metrics metrics;
  const auto path = plugin_path(options);
  if (path.empty()) {
    return kExitBadConfig;
  }
  const auto plugins = loader::Plugins::open(path, clock, metrics, Logger(log, "loader"));
  std::vector<config::PluginSchema> schemas;
  for (const auto& plugin : plugins->plugins()) {
    for (const auto& type : plugin.types) {
      schemas.push_back({type.id, type.config_schema_json});
    }
  }
  std::sort(schemas.begin(), schemas.end(),
            [](const auto& a, const auto& b) { return a.type < b.type; });
  std::vector<std::string_view> types;
  for (const auto& type : events::known_event_types()) {
    types.push_back(type.name);
  }
  const std::string text = config::config_schema(schemas, types);
  if (options.output.empty()) {
    std::fputs(text.c_str(), stdout);
    return kExitOk;
  }
  std::ofstream out(options.output, std::ios::binary);
  out << text;
  out.close();
  if (!out) {
    std::fprintf(stderr, "%s: cannot be written\n", options.output.c_str());
    return kExitFailed;
  }
  return kExitOk;
}

}  // namespace

void add_config_verbs(CLI::App& program, ExitCode& exit) {
  auto options = std::make_shared<ConfigOptions>();
  auto* check = program.add_subcommand("validate", "Check the configuration and its plugins");
  add_options(*check, *options);
  check->add_flag("--check", options->check, "Also try to reach what the subscribers connect to");
  check->add_flag("--deny-warnings", options->deny_warnings, "Warnings are errors");
  check->callback([options, &exit] { exit = validate(*options); });

  auto* config =
      program.add_subcommand("config", "The configuration: what it comes to, and its schema");
  config->require_subcommand(1);
  auto* shown =
      config->add_subcommand("show", "The effective configuration as YAML; secrets are left out");
  add_options(*shown, *options);
  shown->add_flag("--origin", options->origin,
                  "Say where each value comes from: file:line:column, environment or default");
  shown->callback([options, &exit] { exit = show(*options); });

  auto for_schema = std::make_shared<ConfigOptions>();
  for_schema->config.clear();
  auto* schema_verb = config->add_subcommand(
      "schema", "A JSON Schema of the configuration file and its plugins, for editors");
  schema_verb->add_option("-c,--config", for_schema->config,
                          "With the plugins of this configuration");
  schema_verb->add_option("--plugin-path", for_schema->plugin_path,
                          "With the plugins of these folders");
  schema_verb->add_option("-o,--output", for_schema->output, "Write it to this file");
  schema_verb->callback([for_schema, &exit] { exit = schema(*for_schema); });
}

}  // namespace aev::app
