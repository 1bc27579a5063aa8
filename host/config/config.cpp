#include "config/config.h"

#include <algorithm>
#include <cstdlib>
#include <exception>
#include <iterator>
#include <system_error>
#include <tuple>

#include "config/environment_defaults.h"
#include "config/host_sections.h"
#include "config/includes.h"
#include "config/json_subtree.h"
#include "config/map_reader.h"
#include "config/policy_sections.h"
#include "config/route_section.h"
#include "config/subscriber_section.h"
#include "config/yaml_reader.h"

namespace aev::config {
namespace {

std::optional<Config> read_config(const YamlNode& document,
                                  const std::filesystem::path& file,
                                  const EnvironmentDefaults& defaults,
                                  Report& report) {
  Config config;
  config.file = file;
  MapReader root(report, &document, {}, document.where());
  read_host_sections(root, defaults, config);
  NamedPolicies named = read_named_policies(root, defaults);
  config.subscribers = read_subscribers(root, named, defaults);
  if (!config.subscribers.empty()) {  // a file without any is one that is still to be filled
    warn_of_unused(named, report);
  }
  config.routes = read_routes(root, config.subscribers);
  config.tests = read_route_tests(root, config.subscribers, config.routes);
  root.take("include");  // gone by now, but a known key
  root.finish();
  return config;
}

/// Has one of everything that may be absent, so that the reader looks into all of it.
constexpr const char* kOneOfEverything =
    "version: 1\n"
    "api: {auth: {tokens: [{}]}, tls: {}}\n"
    "schemas: {events: {'*': off}}\n"
    "retry_policies: {'*': {}}\n"
    "dead_letter_policies: {'*': {}}\n"
    "subscribers: {'*': {retry: {}, dead_letter: {}, batch: {}}}\n"
    "routes: [{}]\n"
    "tests: [{expect: {}}]\n";

}  // namespace

ReaderKeys all_reader_keys() {
  ReaderKeys keys;
  Report report;
  report.asked = &keys;
  const Environment nothing_set = [](std::string_view) { return std::nullopt; };
  const EnvironmentDefaults defaults = read_environment_defaults(nothing_set, report.problems);
  const auto document = parse_yaml(kOneOfEverything, {}, report.problems);
  static_cast<void>(read_config(*document, {}, defaults, report));
  return keys;
}

std::string to_string(const Location& where) {
  return where.file + ":" + std::to_string(where.line) + ":" + std::to_string(where.column);
}

std::string to_string(const Problem& problem) {
  std::string out;
  if (!problem.where.file.empty()) {
    out += problem.where.file + ":";
    if (problem.where.line > 0) {
      out += std::to_string(problem.where.line) + ":" + std::to_string(problem.where.column) + ":";
    }
    out += " ";
  }
  if (!problem.path.empty()) {
    out += problem.path + ": ";
  }
  if (problem.warning) {
    out += "warning: ";
  }
  return out + problem.message;
}

void sort_by_place(std::vector<Problem>& problems, const std::filesystem::path& main_file) {
  const std::string main = main_file.string();
  std::stable_sort(problems.begin(), problems.end(), [&main](const Problem& a, const Problem& b) {
    return std::make_tuple(a.where.file != main, std::cref(a.where.file).get(), a.where.line,
                           a.where.column) < std::make_tuple(b.where.file != main,
                                                             std::cref(b.where.file).get(),
                                                             b.where.line, b.where.column);
  });
}

Environment process_environment() {
  return [](std::string_view name) -> std::optional<std::string> {
    const char* const value = std::getenv(std::string(name).c_str());
    return value == nullptr ? std::nullopt : std::optional<std::string>(value);
  };
}

Loaded load(const std::filesystem::path& file, const Environment& environment) {
  Loaded out;
  Report report;
  try {
    const EnvironmentDefaults defaults = read_environment_defaults(environment, report.problems);
    const std::shared_ptr<YamlNode> document =
        read_with_includes(file, environment, report.problems);
    if (document != nullptr) {
      out.config = read_config(*document, file, defaults, report);
    }
  } catch (const std::exception& failure) {
    // Only the file system's own surprises get here (a path that cannot be written as text …).
    report.error({file.string(), 0, 0}, {}, failure.what());
  }
  out.problems = std::move(report.problems);
  out.shown = std::move(report.shown);
  sort_by_place(out.problems, file);
  if (std::any_of(out.problems.begin(), out.problems.end(),
                  [](const Problem& problem) { return !problem.warning; })) {
    std::swap(out.config, out.unsound);
  }
  return out;
}

std::filesystem::path tests_beside(const std::filesystem::path& file) {
  return file.parent_path() / (file.stem().string() + ".tests.yaml");
}

void load_tests(const std::filesystem::path& file,
                const Environment& environment,
                Config& config,
                std::vector<Problem>& problems) {
  std::error_code failure;
  for (const RouteTest& test : config.tests) {
    if (std::filesystem::equivalent(test.where.file, file, failure)) {
      return;
    }
  }
  try {
    Report report;
    const std::shared_ptr<YamlNode> document =
        read_with_includes(file, environment, report.problems);
    if (document != nullptr) {
      MapReader root(report, document.get(), {}, document->where());
      root.take("version");
      std::vector<RouteTest> tests = read_route_tests(root, config.subscribers, config.routes);
      root.finish();
      config.tests.insert(config.tests.end(), std::make_move_iterator(tests.begin()),
                          std::make_move_iterator(tests.end()));
    }
    sort_by_place(report.problems, file);
    problems.insert(problems.end(), report.problems.begin(), report.problems.end());
  } catch (const std::exception& fault) {
    problems.push_back({{file.string(), 0, 0}, {}, fault.what(), false});
  }
}

std::optional<JsonFile> load_json(const std::filesystem::path& file,
                                  std::vector<Problem>& problems) {
  const auto wrong = [&] {
    return std::any_of(problems.begin(), problems.end(),
                       [](const Problem& problem) { return !problem.warning; });
  };
  const auto root = read_yaml(file, problems);
  if (!root || wrong()) {
    return std::nullopt;
  }
  JsonSubtree subtree = to_json(*root, root->where(), {}, problems);
  if (wrong()) {
    return std::nullopt;
  }
  return JsonFile{std::move(subtree.json), std::move(subtree.sources)};
}

}  // namespace aev::config
