#include <cstdio>
#include <fstream>
#include <iostream>
#include <optional>

#include <CLI/CLI.hpp>

#include "app/config_check.h"
#include "app/route_explanation.h"
#include "app/route_tests.h"
#include "app/verbs.h"
#include "core/json_schema.h"
#include "core/json_writer.h"
#include "ingest/decode.h"

namespace aev::app {
namespace {

struct RoutingOptions {
  std::string config = "/etc/aragora-events/aragora-events.yaml";
  std::string file = "-";
  std::vector<std::string> files{"-"};
  bool count = false;
  bool invert = false;
  bool quiet = false;
  bool line_number = false;
  std::string pattern;
  std::string pattern_file;
  std::string explain;
  std::string format = "text";
};

/// The configuration and its compiled routes, or nothing after the problems were printed.
std::optional<CompiledRoutes> load_routes(const std::string& file) {
  auto loaded = config::load(file, config::process_environment());
  std::optional<CompiledRoutes> routes;
  if (loaded.config) {
    routes.emplace();
    routes->ids = provisional_ids(*loaded.config);
    routes->router = compile_routes(*loaded.config, routes->ids, loaded.problems);
    routes->config = std::move(*loaded.config);
  }
  print_problems(loaded.problems);
  return has_errors(loaded.problems) ? std::nullopt : std::move(routes);
}

std::string joined(const std::vector<std::string>& names) {
  std::string list;
  for (const auto& name : names) {
    list += (list.empty() ? "" : ", ") + name;
  }
  return "[" + list + "]";
}

Result<events::EventRef> decode(std::string_view json) {
  return ingest::decode_event(json, SystemClock().unix_now_ns());
}

/// Calls `visit` for every line that is an event; prints those that are not.
template <typename Visit>
ExitCode each_event(const std::string& file, const Visit& visit) {
  std::ifstream opened;
  if (file != "-") {
    opened.open(file, std::ios::binary);
    if (!opened) {
      std::fprintf(stderr, "%s: cannot be read\n", file.c_str());
      return kExitFailed;
    }
  }
  std::istream& in = file == "-" ? std::cin : opened;
  ExitCode exit = kExitOk;
  std::string line;
  for (std::size_t number = 1; std::getline(in, line); ++number) {
    if (line.find_first_not_of(" \t\r") == std::string::npos) {
      continue;
    }
    const auto event = decode(line);
    if (!event) {
      std::fprintf(stderr, "%s:%zu: %s%s%s\n", file.c_str(), number, event.error().pointer.c_str(),
                   event.error().pointer.empty() ? "" : ": ", event.error().message.c_str());
      exit = kExitFailed;
      continue;
    }
    visit(**event);
  }
  return exit;
}

/// The route of that name; null after saying which there are.
const config::RouteConfig* find_route(const config::Config& config, const std::string& name) {
  std::vector<std::string> names;
  for (const auto& route : config.routes) {
    if (route.name == name) {
      return &route;
    }
    names.push_back(route.name);
  }
  const auto meant = config::did_you_mean(name, names);
  std::fprintf(stderr, "there is no route '%s'; %s\n", name.c_str(),
               meant.empty() ? ("there are " + joined(names)).c_str()
                             : ("did you mean '" + meant + "'?").c_str());
  return nullptr;
}

ExitCode route(const RoutingOptions& options) {
  const auto routes = load_routes(options.config);
  if (!routes) {
    return kExitBadConfig;
  }
  const config::RouteConfig* explained = nullptr;
  if (!options.explain.empty()) {
    explained = find_route(routes->config, options.explain);
    if (explained == nullptr) {
      return kExitUsage;
    }
  }
  return each_event(options.file, [&](const events::Event& event) {
    const auto names =
        target_names(routes->config, routes->ids, *routes->router->route(event).targets);
    const auto matching = routes->router->matching_routes(event);
    const auto reasons = explained == nullptr ? std::vector<std::string>()
                                              : explain_mismatch(routes->config, *explained, event);
    if (options.format == "json") {
      JsonWriter json;
      json.begin_object()
          .field("id", event.id())
          .field("event_type", event.event_type())
          .key("to")
          .begin_array();
      for (const auto& name : names) {
        json.value(name);
      }
      json.end_array().key("routes").begin_array();
      for (const auto& name : matching) {
        json.value(name);
      }
      json.end_array();
      if (explained != nullptr) {
        json.key("why_not").begin_array();
        for (const auto& reason : reasons) {
          json.value(reason);
        }
        json.end_array();
      }
      json.end_object();
      std::printf("%s\n", json.take().c_str());
    } else {
      std::printf("%s %s -> %s by %s\n", std::string(event.event_type()).c_str(),
                  std::string(event.id()).c_str(), joined(names).c_str(), joined(matching).c_str());
      for (const auto& reason : reasons) {
        std::printf("    not by %s: %s\n", explained->name.c_str(), reason.c_str());
      }
    }
  });
}

/// The pattern of the command line or of the file, as JSON.
std::optional<config::JsonFile> read_pattern(const RoutingOptions& options) {
  if (options.pattern_file.empty()) {
    return config::JsonFile{options.pattern, {}};
  }
  std::vector<config::Problem> problems;
  auto file = config::load_json(options.pattern_file, problems);
  print_problems(problems);
  return file;
}

/// A router with one route for any JSON object, which is matched as an event's `data`.
std::shared_ptr<const routing::Router> compile_for_objects(const RoutingOptions& options) {
  const auto pattern = read_pattern(options);
  if (!pattern) {
    return nullptr;
  }
  std::vector<routing::PatternError> errors;
  // Compiled alone first, so that faults are told of the pattern as it was written.
  static_cast<void>(routing::Router::compile({{"pattern", pattern->json, false, {1}}}, errors));
  for (const auto& error : errors) {
    const auto place = pattern->sources.find(error.pointer);
    if (place != pattern->sources.end()) {
      std::fprintf(stderr, "%s:%d:%d: ", place->second.file.c_str(), place->second.line,
                   place->second.column);
    }
    std::fprintf(stderr, "pattern%s: %s\n", error.pointer.c_str(), error.message.c_str());
  }
  return errors.empty() ? routing::Router::compile(
                              {{"pattern", "{\"data\":" + pattern->json + "}", false, {1}}}, errors)
                        : nullptr;
}

/// What a run of `match` has seen.
struct MatchTally {
  std::uint64_t selected = 0;
  bool trouble = false;  ///< a file could not be read
};

class Grep {
 public:
  Grep(const RoutingOptions& options, const routing::Router& router, const JsonSchema& any_object)
      : options_(options), router_(router), any_object_(any_object) {}

  void search(std::istream& in, const std::string& name, MatchTally& tally) const {
    const std::uint64_t before = tally.selected;
    std::string line;
    for (std::uint64_t number = 1; std::getline(in, line); ++number) {
      if (line.find_first_not_of(" \t\r") == std::string::npos) {
        continue;
      }
      const auto is_object = any_object_.accepts(line);
      if (!is_object || !*is_object) {
        std::fprintf(stderr, "%s:%s: %s\n", name.c_str(), std::to_string(number).c_str(),
                     is_object ? "no JSON object" : is_object.error().message.c_str());
        continue;
      }
      if (matches(line) != options_.invert) {
        ++tally.selected;
        if (options_.quiet) {
          return;
        }
        if (!options_.count) {
          print(line, name, number);
        }
      }
    }
    if (options_.count && !options_.quiet) {
      const std::string prefix = options_.files.size() > 1 ? name + ":" : "";
      std::printf("%s%s\n", prefix.c_str(), std::to_string(tally.selected - before).c_str());
    }
  }

 private:
  [[nodiscard]] bool matches(const std::string& line) const {
    events::EventFields fields;
    fields.id = fields.event_type = "object";
    fields.data = line;
    return !router_.route(*events::Event::create(fields)).unmatched;
  }

  void print(const std::string& line, const std::string& name, std::uint64_t number) const {
    if (options_.line_number) {
      const std::string prefix = options_.files.size() > 1 ? name + ":" : "";
      std::printf("%s%s:", prefix.c_str(), std::to_string(number).c_str());
    }
    std::fwrite(line.data(), 1, line.size(), stdout);
    std::fputc('\n', stdout);
  }

  const RoutingOptions& options_;
  const routing::Router& router_;
  const JsonSchema& any_object_;
};

ExitCode match(const RoutingOptions& options) {
  const auto router = compile_for_objects(options);
  const auto any_object = JsonSchema::compile(R"({"type":"object"})");
  if (!router || !any_object) {
    return kExitUsage;
  }
  const Grep grep(options, *router, *any_object);
  MatchTally tally;
  for (const std::string& file : options.files) {
    if (file == "-") {
      grep.search(std::cin, file, tally);
    } else if (std::ifstream in(file, std::ios::binary); in) {
      grep.search(in, file, tally);
    } else {
      std::fprintf(stderr, "%s: cannot be read\n", file.c_str());
      tally.trouble = true;
    }
    if (options.quiet && tally.selected > 0) {
      return kExitOk;
    }
  }
  return tally.trouble ? kExitUsage : tally.selected > 0 ? kExitOk : kExitFailed;
}

}  // namespace

void add_routing_verbs(CLI::App& program, ExitCode& exit) {
  auto options = std::make_shared<RoutingOptions>();
  const auto add_config = [&](CLI::App* verb) {
    verb->add_option("-c,--config", options->config, "Configuration file")->capture_default_str();
  };
  auto* routed = program.add_subcommand("route", "Which subscribers would get these events");
  add_config(routed);
  routed->add_option("events", options->file, "Events, one a line; - is standard input")
      ->capture_default_str();
  routed->add_option("--format", options->format, "text or json")
      ->check(CLI::IsMember({"text", "json"}))
      ->capture_default_str();
  routed->add_option("--explain", options->explain, "Say why this route does not match");
  routed->callback([options, &exit] { exit = route(*options); });

  auto* matched = program.add_subcommand(
      "match",
      "Print the JSON objects that match a pattern, like grep; exit 0 if any did, 1 if none, 2 if "
      "the pattern is wrong or a file cannot be read");
  auto* pattern = matched->add_option_group("pattern");
  pattern->add_option("-p,--pattern", options->pattern_file,
                      "File with the event pattern, YAML or JSON");
  pattern->add_option("-e,--expression", options->pattern, "The pattern as JSON text");
  pattern->require_option(1);
  matched->add_option("events", options->files, "JSON objects, one a line; - is standard input")
      ->capture_default_str();
  matched->add_flag("-v,--invert-match", options->invert, "Print those that do not match");
  matched->add_flag("-c,--count", options->count, "Print only how many, per file");
  matched->add_flag("-n,--line-number", options->line_number, "Print the number of each line");
  matched->add_flag("-q,--quiet", options->quiet, "Print nothing; stop at the first match");
  matched->callback([options, &exit] { exit = match(*options); });
}

}  // namespace aev::app
