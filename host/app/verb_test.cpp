#include <algorithm>
#include <cstdio>
#include <filesystem>
#include <optional>

#include <CLI/CLI.hpp>

#include "app/config_check.h"
#include "app/route_tests.h"
#include "app/verbs.h"
#include "core/json_writer.h"

namespace aev::app {
namespace {

struct TestOptions {
  std::string config = "/etc/aragora-events/aragora-events.yaml";
  std::vector<std::string> files;
  std::string filter;
  std::string format = "text";
};

/// The routes with the tests of the file, of the one beside it and of the given ones; nothing after
/// the problems were printed.
std::optional<CompiledRoutes> load(const TestOptions& options) {
  auto loaded = config::load(options.config, config::process_environment());
  std::optional<CompiledRoutes> routes;
  if (loaded.config) {
    const auto beside = config::tests_beside(options.config);
    if (std::filesystem::exists(beside)) {
      config::load_tests(beside, config::process_environment(), *loaded.config, loaded.problems);
    }
    for (const std::string& file : options.files) {
      config::load_tests(file, config::process_environment(), *loaded.config, loaded.problems);
    }
    routes.emplace();
    routes->ids = provisional_ids(*loaded.config);
    routes->router = compile_routes(*loaded.config, routes->ids, loaded.problems);
    routes->config = std::move(*loaded.config);
  }
  print_problems(loaded.problems);
  return has_errors(loaded.problems) ? std::nullopt : std::move(routes);
}

void write_names(JsonWriter& json, std::string_view key, const std::vector<std::string>& names) {
  json.key(key).begin_array();
  for (const std::string& name : names) {
    json.value(name);
  }
  json.end_array();
}

void write_place(JsonWriter& json, const config::Location& where) {
  json.field("file", where.file).field("line", where.line).field("column", where.column);
}

void write_json(JsonWriter& json, const TestOutcome& outcome) {
  json.begin_object().field("name", outcome.test->name).field("ok", outcome.passed());
  write_place(json, outcome.test->where);
  json.key("events").begin_array();
  for (const EventOutcome& event : outcome.events) {
    json.begin_object().field("event_type", event.event_type).field("ok", event.passed());
    write_place(json, event.where);
    write_names(json, "to", event.got);
    write_names(json, "routes", event.routes);
    write_names(json, "missing", event.missing);
    write_names(json, "unexpected", event.unexpected);
    write_names(json, "missing_routes", event.missing_routes);
    write_names(json, "unexpected_routes", event.unexpected_routes);
    write_names(json, "reasons", event.reasons);
    if (!event.fault.empty()) {
      json.field("fault", event.fault);
    }
    json.end_object();
  }
  json.end_array().end_object();
}

std::string escape_xml(const std::string& text) {
  std::string out;
  for (const char each : text) {
    switch (each) {
      case '&':
        out += "&amp;";
        break;
      case '<':
        out += "&lt;";
        break;
      case '"':
        out += "&quot;";
        break;
      default:
        // XML 1.0 has no way to write other control characters.
        out += each >= 0 && each < ' ' && each != '\n' && each != '\t' ? ' ' : each;
    }
  }
  return out;
}

void print_junit(const std::vector<TestOutcome>& outcomes, std::size_t failed) {
  std::printf(
      "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"
      "<testsuite name=\"aragora-events\" tests=\"%zu\" failures=\"%zu\">\n",
      outcomes.size(), failed);
  for (const TestOutcome& outcome : outcomes) {
    std::printf("  <testcase name=\"%s\" file=\"%s\" line=\"%d\"",
                escape_xml(outcome.test->name).c_str(),
                escape_xml(outcome.test->where.file).c_str(), outcome.test->where.line);
    if (outcome.passed()) {
      std::printf("/>\n");
    } else {
      std::printf(">\n    <failure>%s</failure>\n  </testcase>\n",
                  escape_xml(test_report(outcome)).c_str());
    }
  }
  std::printf("</testsuite>\n");
}

void print_json(const std::vector<TestOutcome>& outcomes, std::size_t failed) {
  JsonWriter json;
  json.begin_object().field("tests", outcomes.size()).field("failed", failed);
  json.key("results").begin_array();
  for (const TestOutcome& outcome : outcomes) {
    write_json(json, outcome);
  }
  json.end_array().end_object();
  std::printf("%s\n", json.take().c_str());
}

ExitCode test(const TestOptions& options) {
  const auto routes = load(options);
  if (!routes) {
    return kExitBadConfig;
  }
  std::vector<TestOutcome> outcomes;
  for (const config::RouteTest& each : routes->config.tests) {
    if (each.name.find(options.filter) != std::string::npos) {
      outcomes.push_back(run_route_test(each, *routes));
    }
  }
  if (outcomes.empty() && !options.filter.empty()) {
    std::fprintf(stderr, "no test has '%s' in its name\n", options.filter.c_str());
    return kExitFailed;
  }
  const auto failed = static_cast<std::size_t>(std::count_if(
      outcomes.begin(), outcomes.end(), [](const auto& outcome) { return !outcome.passed(); }));
  if (options.format == "json") {
    print_json(outcomes, failed);
  } else if (options.format == "junit") {
    print_junit(outcomes, failed);
  } else {
    for (const TestOutcome& outcome : outcomes) {
      std::fputs(test_report(outcome).c_str(), stdout);
    }
    std::printf("%zu tests, %zu failed\n", outcomes.size(), failed);
  }
  return failed == 0 ? kExitOk : kExitFailed;
}

}  // namespace

void add_test_verb(CLI::App& program, ExitCode& exit) {
  auto options = std::make_shared<TestOptions>();
  auto* verb = program.add_subcommand("test",
                                      "Run the `tests:` of the configuration and of "
                                      "NAME.tests.yaml beside it; exit 1 if one fails");
  verb->add_option("config,-c,--config", options->config, "Configuration file")
      ->capture_default_str();
  verb->add_option("--tests", options->files, "Further files with `tests:`");
  verb->add_option("--filter", options->filter, "Only tests with this text in their name");
  verb->add_option("--format", options->format, "text, json or junit")
      ->check(CLI::IsMember({"text", "json", "junit"}))
      ->capture_default_str();
  verb->callback([options, &exit] { exit = test(*options); });
}

}  // namespace aev::app
