#include <fstream>
#include <iostream>

#include <CLI/CLI.hpp>

#include "admin/resource_json.h"
#include "app/config_check.h"
#include "app/schema_path.h"
#include "app/table.h"
#include "app/verbs.h"
#include "core/json_writer.h"
#include "events/schema_listing.h"
#include "ingest/decode.h"

namespace aev::app {
namespace {

struct SchemaOptions {
  std::string config;
  std::string format = "text";
  std::string group;
  bool all = false;
  std::string event_type;
  std::vector<std::string> files;
};

/// The shipped schemas, and those of the configuration if one is given; null after its problems
/// were printed.
std::shared_ptr<const events::EventSchemas> load(const SchemaOptions& options) {
  config::Loaded loaded;
  if (!options.config.empty()) {
    loaded = config::load(options.config, config::process_environment());
    if (!loaded.config) {
      print_problems(loaded.problems);
      return nullptr;
    }
  }
  auto schemas = load_schemas(loaded.config.value_or(config::Config()), loaded.problems);
  print_problems(loaded.problems);
  return has_errors(loaded.problems) ? nullptr : schemas;
}

ExitCode list(const SchemaOptions& options) {
  const auto schemas = load(options);
  if (!schemas) {
    return kExitBadConfig;
  }
  JsonWriter json;
  json.begin_array();
  std::vector<std::vector<std::string>> rows;
  for (const auto& schema : events::list_schemas(*schemas, options.all, options.group)) {
    admin::write_schema(json, schema);
    rows.push_back({schema.event_type, schema.group, schema.title});
  }
  json.end_array();
  if (options.format == "json") {
    std::cout << json.take() << "\n";
  } else {
    std::cout << format_table({"EVENT TYPE", "GROUP", "WHAT"}, rows);
  }
  return kExitOk;
}

ExitCode show(const SchemaOptions& options) {
  const auto schemas = load(options);
  if (!schemas) {
    return kExitBadConfig;
  }
  const events::EventSchema* const schema = schemas->find(options.event_type);
  if (schema == nullptr) {
    std::vector<std::string> known;
    for (const events::EventSchema* each : schemas->all()) {
      known.push_back(each->event_type);
    }
    const auto meant = config::did_you_mean(options.event_type, known);
    std::cerr << "there is no schema for event type '" << options.event_type << "'"
              << (meant.empty() ? "" : "; did you mean '" + meant + "'?") << "\n";
    return kExitFailed;
  }
  std::cout << schema->json;
  return kExitOk;
}

/// Checks each line of `in`; the number that does not fit.
std::uint64_t check_lines(std::istream& in,
                          const std::string& name,
                          const events::EventSchemas& schemas,
                          bool as_json) {
  std::uint64_t bad = 0;
  std::string line;
  for (std::uint64_t number = 1; std::getline(in, line); ++number) {
    if (line.find_first_not_of(" \t\r") == std::string::npos) {
      continue;
    }
    const std::string place = name + ":" + std::to_string(number) + ": ";
    const auto event = ingest::decode_event(line, SystemClock().unix_now_ns());
    if (!event) {
      ++bad;
      std::cerr << place << event.error().pointer << ": " << event.error().message << "\n";
      continue;
    }
    const std::string type((*event)->event_type());
    const auto faults = schemas.validate(type, (*event)->data());
    bad += faults.empty() ? 0 : 1;
    if (as_json) {
      JsonWriter json;
      admin::write_validation(json, type, faults);
      std::cout << json.take() << "\n";
    } else {
      for (const events::SchemaFault& fault : faults) {
        std::cout << place << type << ": /data" << fault.field << ": " << fault.message
                  << (fault.value.empty() ? "" : " (got " + fault.value + ")") << "\n";
      }
    }
  }
  return bad;
}

ExitCode check(const SchemaOptions& options) {
  const auto schemas = load(options);
  if (!schemas) {
    return kExitBadConfig;
  }
  std::uint64_t bad = 0;
  const std::vector<std::string> standard_input{"-"};
  for (const std::string& file : options.files.empty() ? standard_input : options.files) {
    if (file == "-") {
      bad += check_lines(std::cin, "-", *schemas, options.format == "json");
      continue;
    }
    std::ifstream in(file);
    if (!in) {
      std::cerr << file << ": cannot be read\n";
      return kExitFailed;
    }
    bad += check_lines(in, file, *schemas, options.format == "json");
  }
  return bad == 0 ? kExitOk : kExitFailed;
}

}  // namespace

void add_schema_verbs(CLI::App& program, ExitCode& exit) {
  auto options = std::make_shared<SchemaOptions>();
  auto* schema = program.add_subcommand("schema", "What the data of known event types looks like");
  schema->require_subcommand(1);
  const auto verb = [&](const char* name, const char* help) {
    auto* made = schema->add_subcommand(name, help);
    made->add_option("-c,--config", options->config, "Also the schemas of this configuration");
    return made;
  };
  const auto with_format = [&](CLI::App* made) {
    made->add_option("--format", options->format, "text or json")
        ->check(CLI::IsMember({"text", "json"}))
        ->capture_default_str();
    return made;
  };
  auto* listing = with_format(verb("list", "The event types that have a schema"));
  listing->add_option("--group", options->group, "Only of this group: debate, workflow …");
  listing->add_flag("--all", options->all, "Also the known event types without a schema");
  listing->callback([options, &exit] { exit = list(*options); });
  auto* showing = verb("show", "The JSON Schema of one");
  showing->add_option("event_type", options->event_type, "Event type")->required();
  showing->callback([options, &exit] { exit = show(*options); });
  auto* checking = with_format(verb("check", "Check events, one per line; exit 1 if one is wrong"));
  checking->add_option("files", options->files, "NDJSON files; - or none: standard input");
  checking->callback([options, &exit] { exit = check(*options); });
}

}  // namespace aev::app
