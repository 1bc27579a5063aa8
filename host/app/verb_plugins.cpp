#include <cstdio>

#include <CLI/CLI.hpp>

#include "app/plugin_path.h"
#include "app/table.h"
#include "app/verbs.h"
#include "config/config.h"
#include "core/json_writer.h"
#include "core/metrics.h"
#include "loader/plugins.h"

namespace aev::app {
namespace {

struct PluginOptions {
  std::string config;
  std::vector<std::string> path;
  std::string file;
  std::string format = "text";
};

std::vector<std::filesystem::path> search_path(const PluginOptions& options,
                                               std::vector<config::Problem>& problems) {
  if (!options.path.empty()) {
    return {options.path.begin(), options.path.end()};
  }
  if (!options.config.empty()) {
    auto loaded = config::load(options.config, config::process_environment());
    problems = std::move(loaded.problems);
    if (loaded.config) {
      return effective_plugin_path(loaded.config->plugin_path);
    }
  }
  return effective_plugin_path({});
}

std::string abi_of(const loader::PluginInfo& plugin) {
  return std::to_string(plugin.abi_major) + "." + std::to_string(plugin.abi_minor);
}

void print_json(const std::vector<loader::PluginInfo>& plugins,
                const std::vector<loader::RefusedPlugin>& refused,
                bool with_schema) {
  JsonWriter json;
  json.begin_object().key("plugins").begin_array();
  for (const auto& plugin : plugins) {
    json.begin_object().field("path", plugin.path.string()).field("abi", abi_of(plugin));
    json.key("types").begin_array();
    for (const auto& type : plugin.types) {
      json.begin_object()
          .field("id", type.id)
          .field("name", type.name)
          .field("version", type.version)
          .field("vendor", type.vendor);
      if (with_schema) {
        json.key("config_schema").raw(type.config_schema_json);
      }
      json.end_object();
    }
    json.end_array().end_object();
  }
  json.end_array().key("refused").begin_array();
  for (const auto& each : refused) {
    json.begin_object().field("path", each.path.string()).field("reason", each.reason).end_object();
  }
  json.end_array().end_object();
  std::printf("%s\n", json.take().c_str());
}

ExitCode list(const PluginOptions& options) {
  std::vector<config::Problem> problems;
  const Log log(2, LogLevel::kError);
  const SystemClock clock;
  Metrics metrics;
  const auto plugins =
      loader::Plugins::open(search_path(options, problems), clock, metrics, Logger(log, "loader"));
  for (const auto& problem : problems) {
    std::fprintf(stderr, "%s\n", config::to_string(problem).c_str());
  }
  if (options.format == "json") {
    print_json(plugins->plugins(), plugins->refused(), false);
  } else {
    std::vector<std::vector<std::string>> rows;
    for (const auto& plugin : plugins->plugins()) {
      for (const auto& type : plugin.types) {
        rows.push_back({type.id, type.version, type.vendor, abi_of(plugin), plugin.path.string()});
      }
    }
    std::fputs(format_table({"TYPE", "VERSION", "VENDOR", "ABI", "FILE"}, rows).c_str(), stdout);
    for (const auto& each : plugins->refused()) {
      std::fprintf(stderr, "%s: refused: %s\n", each.path.c_str(), each.reason.c_str());
    }
  }
  return plugins->refused().empty() ? kExitOk : kExitFailed;
}

ExitCode inspect(const PluginOptions& options) {
  const auto plugin = loader::inspect_plugin(options.file);
  if (!plugin) {
    std::fprintf(stderr, "%s: %s\n", options.file.c_str(), plugin.error().message.c_str());
    return kExitFailed;
  }
  if (options.format == "json") {
    print_json({*plugin}, {}, true);
    return kExitOk;
  }
  std::printf("%s: built for ABI %s\n", options.file.c_str(), abi_of(*plugin).c_str());
  for (const auto& type : plugin->types) {
    std::printf("\ntype %s: %s\nversion %s by %s\nconfiguration schema:\n%s\n", type.id.c_str(),
                type.name.c_str(), type.version.c_str(), type.vendor.c_str(),
                type.config_schema_json.c_str());
  }
  return kExitOk;
}

}  // namespace

void add_plugin_verbs(CLI::App& program, ExitCode& exit) {
  auto options = std::make_shared<PluginOptions>();
  auto* plugins = program.add_subcommand("plugins", "The plugin files and what they offer");
  plugins->require_subcommand(1);
  const auto add_format = [&](CLI::App* verb) {
    verb->add_option("--format", options->format, "text or json")
        ->check(CLI::IsMember({"text", "json"}))
        ->capture_default_str();
  };
  auto* listed =
      plugins->add_subcommand("list", "Every plugin of the search path, and those refused");
  listed->add_option("-c,--config", options->config, "Take plugins.path from this file");
  listed->add_option("--path", options->path, "Look in these folders instead");
  add_format(listed);
  listed->callback([options, &exit] { exit = list(*options); });

  auto* inspected =
      plugins->add_subcommand("inspect", "One file: what it offers, or why it is refused");
  inspected->add_option("file", options->file, "The plugin's .so file")->required();
  add_format(inspected);
  inspected->callback([options, &exit] { exit = inspect(*options); });
}

}  // namespace aev::app
