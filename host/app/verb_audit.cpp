#include <cstdio>
#include <fstream>
#include <iostream>
#include <iterator>

#include <CLI/CLI.hpp>
#include <Poco/Exception.h>
#include <Poco/JSON/Array.h>
#include <Poco/JSON/Object.h>
#include <Poco/JSON/Parser.h>

#include "app/config_check.h"
#include "app/offline_query.h"
#include "app/verbs.h"
#include "core/json_writer.h"

namespace aev::app {
namespace {

struct AuditOptions {
  std::string config = "/etc/aragora-events/aragora-events.yaml";
  std::string subscriber;
  std::string format = "text";
  std::string public_key;
  std::string checkpoint;
  std::string since;
  std::string limit;
};

/// A key or checkpoint as it was given: the content of a file of that name, or the text itself.
std::string text_or_file(const std::string& given) {
  std::ifstream in(given, std::ios::binary);
  if (!in) {
    return given;
  }
  return {std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>()};
}

ExitCode ask(const AuditOptions& options,
             std::string_view query,
             const std::string& parameters,
             loader::QueryAnswer& answer) {
  const auto loaded = config::load(options.config, config::process_environment());
  if (!loaded.config) {
    print_problems(loaded.problems);
    return kExitBadConfig;
  }
  auto asked = query_offline(*loaded.config, options.subscriber, query, parameters);
  if (!asked) {
    std::fprintf(stderr, "%s\n", asked.error().message.c_str());
    return asked.error().code == ErrorCode::kInvalid ? kExitUsage : kExitFailed;
  }
  answer = std::move(*asked);
  return kExitOk;
}

void print_findings(const Poco::JSON::Object& report, const char* member, const char* prefix) {
  const auto list = report.getArray(member);
  for (unsigned i = 0; list && i < list->size(); ++i) {
    const auto one = list->getObject(i);
    std::printf("%sentry %s: %s\n", prefix, one->get("entry").toString().c_str(),
                one->getValue<std::string>("problem").c_str());
  }
}

ExitCode verify(const AuditOptions& options) {
  JsonWriter parameters;
  parameters.begin_object();
  if (!options.public_key.empty()) {
    parameters.field("public_key", text_or_file(options.public_key));
  }
  if (!options.checkpoint.empty()) {
    parameters.field("checkpoint", text_or_file(options.checkpoint));
  }
  parameters.end_object();
  loader::QueryAnswer answer;
  if (const ExitCode exit = ask(options, "audit_verify", parameters.take(), answer);
      exit != kExitOk) {
    return exit;
  }
  try {
    const auto report = Poco::JSON::Parser().parse(answer.body).extract<Poco::JSON::Object::Ptr>();
    const bool intact = report->getValue<bool>("intact");
    if (options.format == "json") {
      std::printf("%s\n", answer.body.c_str());
      return intact ? kExitOk : kExitFailed;
    }
    print_findings(*report, "problems", "");
    if (const auto notes = report->getArray("notes")) {
      for (unsigned i = 0; i < notes->size(); ++i) {
        std::printf("note: %s\n", notes->getElement<std::string>(i).c_str());
      }
    }
    std::printf("%s: %s entries, %s checkpoints, the last one at entry %s\n",
                intact ? "intact" : "NOT INTACT", report->get("entries").toString().c_str(),
                report->get("checkpoints").toString().c_str(),
                report->get("last_checkpoint").toString().c_str());
    return intact ? kExitOk : kExitFailed;
  } catch (const Poco::Exception& fault) {
    std::fprintf(stderr, "the plugin's answer is not understood: %s\n",
                 fault.displayText().c_str());
    return kExitFailed;
  }
}

/// Prints what the plugin answers as it is.
ExitCode print(const AuditOptions& options, std::string_view query) {
  JsonWriter parameters;
  parameters.begin_object();
  if (!options.since.empty()) {
    parameters.field("since", options.since);
  }
  if (!options.limit.empty()) {
    parameters.field("limit", options.limit);
  }
  parameters.end_object();
  loader::QueryAnswer answer;
  const ExitCode exit = ask(options, query, parameters.take(), answer);
  if (exit == kExitOk) {
    std::cout << answer.body << (answer.body.ends_with('\n') ? "" : "\n");
  }
  return exit;
}

}  // namespace

void add_audit_verbs(CLI::App& program, ExitCode& exit) {
  auto options = std::make_shared<AuditOptions>();
  auto* audit =
      program.add_subcommand("audit", "The security plugin's audit trail; needs no running host");
  audit->require_subcommand(1);
  const auto verb = [&](const char* name, const char* help) {
    auto* made = audit->add_subcommand(name, help);
    made->add_option("-c,--config", options->config, "Configuration file")->capture_default_str();
    made->add_option("--subscriber", options->subscriber,
                     "Whose trail; needed if several keep one");
    return made;
  };

  auto* verified = verb("verify",
                        "Find entries that were changed, removed, inserted or reordered; exit "
                        "status 1 if there are any");
  verified->add_option("--format", options->format, "text or json")
      ->check(CLI::IsMember({"text", "json"}))
      ->capture_default_str();
  verified->add_option("--public-key", options->public_key,
                       "Key that must have signed the checkpoints: a PEM file, or whpk_…; without "
                       "it the key that the trail itself names is believed");
  verified->add_option("--checkpoint", options->checkpoint,
                       "A checkpoint that was saved earlier (file, or its JSON), which the trail "
                       "must still contain");
  verified->callback([options, &exit] { exit = verify(*options); });

  auto* exported = verb("export", "Write entries as NDJSON, each with its hash");
  exported->add_option("--since", options->since, "After this entry number");
  exported->add_option("--limit", options->limit, "At most so many");
  exported->callback([options, &exit] { exit = print(*options, "audit_export"); });

  auto* checkpoint = verb("checkpoint", "The last signed checkpoint, to keep somewhere else");
  checkpoint->callback([options, &exit] { exit = print(*options, "audit_checkpoint"); });

  auto* key = verb("public-key", "The key that verifies checkpoints, as PEM");
  key->callback([options, &exit] { exit = print(*options, "public_key"); });
}

}  // namespace aev::app
