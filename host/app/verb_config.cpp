#include <cstdio>

#include <CLI/CLI.hpp>

#include "app/config_check.h"
#include "app/plugin_path.h"
#include "app/table.h"
#include "app/verbs.h"
#include "core/json_writer.h"
#include "core/metrics.h"

namespace aev::app {
namespace {

struct ConfigOptions {
  std::string config = "/etc/aragora-events/aragora-events.yaml";
  std::string format = "text";
  bool check = false;
  bool deny_warnings = false;
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

ExitCode validate(const ConfigOptions& options) {
  auto loaded = config::load(options.config, config::process_environment());
  bool unreachable = false;
  if (loaded.config) {
    const Log log(2, LogLevel::kError);
    const SystemClock clock;
    Metrics metrics;
    const auto plugins = loader::Plugins::open(effective_plugin_path(loaded.config->plugin_path),
                                               clock, metrics, Logger(log, "loader"));
    check_subscribers(*loaded.config, *plugins, loaded.problems);
    check_routes(*loaded.config, *plugins, loaded.problems);
    check_event_types(*loaded.config, *load_schemas(*loaded.config, loaded.problems),
                      loaded.problems);
    static_cast<void>(
        compile_routes(*loaded.config, provisional_ids(*loaded.config), loaded.problems));
    if (options.check && !has_errors(loaded.problems)) {
      const std::size_t before = loaded.problems.size();
      probe_subscribers(*loaded.config, *plugins, kProbePatience, loaded.problems);
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

ExitCode show(const ConfigOptions& options) {
  const auto loaded = config::load(options.config, config::process_environment());
  print_problems(loaded.problems);
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
    std::vector<std::vector<std::string>> rows;
    for (const auto& shown : loaded.shown) {
      rows.push_back({shown.path, shown.value, shown.origin});
    }
    std::fputs(format_table({"PATH", "VALUE", "FROM"}, rows).c_str(), stdout);
  }
  return has_errors(loaded.problems) ? kExitBadConfig : kExitOk;
}

}  // namespace

void add_config_verbs(CLI::App& program, ExitCode& exit) {
  auto options = std::make_shared<ConfigOptions>();
  auto* check = program.add_subcommand("validate", "Check the configuration and its plugins");
  add_options(*check, *options);
  check->add_flag("--check", options->check, "Also try to reach what the subscribers connect to");
  check->add_flag("--deny-warnings", options->deny_warnings, "Warnings are errors");
  check->callback([options, &exit] { exit = validate(*options); });

  auto* config = program.add_subcommand("config", "Show the configuration");
  config->require_subcommand(1);
  auto* shown = config->add_subcommand(
      "show", "Every effective value and where it comes from; secrets are redacted");
  add_options(*shown, *options);
  shown->callback([options, &exit] { exit = show(*options); });
}

}  // namespace aev::app
