#include <cstdint>
#include <iostream>
#include <string_view>

#include <CLI/CLI.hpp>
#include <Poco/Exception.h>
#include <Poco/JSON/Object.h>
#include <Poco/JSON/Parser.h>

#include "app/api_output.h"
#include "app/verbs.h"
#include "config/config.h"

namespace aev::app {
namespace {

struct ReloadOptions {
  ApiEndpoint endpoint;
  std::string format;
};

Poco::JSON::Object::Ptr parse(const std::string& body) {
  return Poco::JSON::Parser().parse(body).extract<Poco::JSON::Object::Ptr>();
}

/// A line each as `validate` prints them.
void print_problems_of(const Poco::JSON::Object& document, const char* list, bool warnings) {
  const auto problems = document.getArray(list);
  for (std::size_t i = 0; problems && i < problems->size(); ++i) {
    const auto each = problems->getObject(static_cast<unsigned>(i));
    config::Problem problem;
    problem.where.file = each->getValue<std::string>("file");
    problem.where.line = each->getValue<int>("line");
    problem.where.column = each->getValue<int>("column");
    problem.path = each->getValue<std::string>("path");
    problem.message = each->getValue<std::string>("message");
    problem.warning = warnings;
    std::cerr << config::to_string(problem) << "\n";
  }
}

/// `changed: customer, stats`; nothing if the list is empty or not there.
void print_names(const Poco::JSON::Object& document, const char* list, std::string_view title) {
  const auto names = document.getArray(list);
  for (std::size_t i = 0; names && i < names->size(); ++i) {
    std::cout << (i == 0 ? title : "") << (i == 0 ? ": " : ", ")
              << names->getElement<std::string>(static_cast<unsigned>(i))
              << (i + 1 == names->size() ? "\n" : "");
  }
}

void print_report(const Poco::JSON::Object& report) {
  std::cout << "configuration " << report.getValue<std::int64_t>("generation")
            << " runs now\nroutes: " << report.getValue<int>("routes") << "\n";
  const auto subscribers = report.getObject("subscribers");
  print_names(*subscribers, "added", "added");
  print_names(*subscribers, "changed", "changed");
  print_names(*subscribers, "policy_only", "changed, without a new start of the plugin");
  print_names(*subscribers, "removed", "removed, events and dead letters are kept");
  std::cout << "unchanged: " << subscribers->getValue<int>("unchanged") << "\n";
  print_names(*subscribers, "draining", "still finishing what is in flight");
  print_names(report, "settings", "settings");
  print_problems_of(report, "warnings", true);
}

ExitCode reload(const ReloadOptions& options) {
  ApiClient client(options.endpoint);
  const auto answer = client.call("POST", "/v1/reload");
  if (!answer) {
    std::cerr << answer.error().message << "\n";
    return kExitFailed;
  }
  const bool taken = answer->status == 200;
  if (options.format == "json") {
    std::cout << answer->body << "\n";
  } else {
    try {
      const auto document = parse(answer->body);
      if (taken) {
        print_report(*document);
      } else {
        print_problems_of(*document, "problems", false);
      }
    } catch (const Poco::Exception&) {
      std::cerr << "the answer is not one of aragora-events: " << answer->body.substr(0, 200)
                << "\n";
      return kExitFailed;
    }
  }
  if (taken) {
    return kExitOk;
  }
  std::cerr << describe_refusal(*answer) << "\n";
  return answer->status == 400 ? kExitBadConfig : kExitFailed;
}

}  // namespace

void add_reload_verb(CLI::App& program, ExitCode& exit) {
  auto options = std::make_shared<ReloadOptions>();
  auto* verb = program.add_subcommand(
      "reload", "Let the host take its configuration anew; it stays as it is if anything is wrong");
  add_endpoint_options(*verb, options->endpoint);
  add_format_option(*verb, options->format);
  verb->callback([options, &exit] { exit = reload(*options); });
}

}  // namespace aev::app
