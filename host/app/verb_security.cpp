#include <cstdio>
#include <string>
#include <utility>
#include <vector>

#include <CLI/CLI.hpp>

#include "app/api_output.h"
#include "app/verbs.h"
#include "core/json_writer.h"

namespace aev::app {
namespace {

struct ReportOptions {
  ApiEndpoint endpoint;
  std::string format;
  std::string user_id;
  std::string reason;
  std::string ip_address;
  std::string activity_type;
  std::string severity;
  std::string metadata;
  std::string id;
};

using Members = std::vector<std::pair<std::string_view, const std::string*>>;

std::string write_report(const Members& members, const std::string& metadata) {
  JsonWriter json;
  json.begin_object();
  for (const auto& [name, value] : members) {
    if (!value->empty()) {
      json.field(name, *value);
    }
  }
  if (!metadata.empty()) {
    json.key("metadata").raw(metadata);
  }
  json.end_object();
  return json.take();
}

ExitCode report(const ReportOptions& options, const std::string& path, const Members& members) {
  ApiClient client(options.endpoint);
  const auto answer =
      client.call("POST", path, {}, write_report(members, options.metadata), "application/json");
  if (!answer || answer->status != 202) {
    std::fprintf(stderr, "%s\n",
                 (answer ? describe_refusal(*answer) : answer.error().message).c_str());
    return kExitFailed;
  }
  if (options.format == "json") {
    std::printf("%s\n", answer->body.c_str());
    return kExitOk;
  }
  const auto begin = answer->body.find("\"ids\":[\"");
  const auto end = answer->body.find("\"]", begin);
  std::printf("recorded as event %s\n",
              begin == std::string::npos || end == std::string::npos
                  ? answer->body.c_str()
                  : answer->body.substr(begin + 8, end - begin - 8).c_str());
  return kExitOk;
}

void add_shared_options(CLI::App& verb, ReportOptions& options) {
  add_endpoint_options(verb, options.endpoint);
  add_format_option(verb, options.format);
  verb.add_option("--severity", options.severity, "critical, high, medium, low or info")
      ->check(CLI::IsMember({"critical", "high", "medium", "low", "info"}));
  verb.add_option("--metadata", options.metadata,
                  "A JSON object with more about it; what looks like a credential is masked");
  verb.add_option("--id", options.id, "The event's id; the host gives one if absent");
}

}  // namespace

void add_security_verbs(CLI::App& program, ExitCode& exit) {
  auto options = std::make_shared<ReportOptions>();
  auto* security = program.add_subcommand("security", "Report what security rules look at");
  security->require_subcommand(1);

  auto* failure = security->add_subcommand("log-auth-failure", "Somebody failed to log in");
  failure->add_option("--user-id", options->user_id, "Who it claimed to be")->required();
  failure->add_option("--reason", options->reason, "Why it was refused")->required();
  failure->add_option("--ip-address", options->ip_address, "Where it came from")->required();
  add_shared_options(*failure, *options);
  failure->callback([options, &exit] {
    exit = report(*options, "/v1/security/auth-failures",
                  {{"id", &options->id},
                   {"user_id", &options->user_id},
                   {"reason", &options->reason},
                   {"ip_address", &options->ip_address},
                   {"severity", &options->severity}});
  });

  auto* activity =
      security->add_subcommand("log-suspicious-activity", "Somebody did something odd");
  activity->add_option("--user-id", options->user_id, "Who did it")->required();
  activity->add_option("--activity-type", options->activity_type, "What kind of thing it was")
      ->required();
  activity->add_option("--ip-address", options->ip_address, "Where it came from");
  add_shared_options(*activity, *options);
  activity->callback([options, &exit] {
    exit = report(*options, "/v1/security/suspicious-activity",
                  {{"id", &options->id},
                   {"user_id", &options->user_id},
                   {"activity_type", &options->activity_type},
                   {"ip_address", &options->ip_address},
                   {"severity", &options->severity}});
  });
}

}  // namespace aev::app
