#include <CLI/CLI.hpp>

#include "app/api_output.h"
#include "app/verbs.h"

namespace aev::app {
namespace {

struct DeadLetterOptions {
  ApiEndpoint endpoint;
  std::string format;
  std::string id;
  std::string subscriber;
  std::string event_type;
  std::string debate_id;
  std::string since;
  std::string until;
  std::string limit;
  std::string cursor;
  std::string rate;
  bool all = false;
};

void add_filters(CLI::App& verb, DeadLetterOptions& options) {
  verb.add_option("--subscriber", options.subscriber, "Only of this subscriber");
  verb.add_option("--event-type", options.event_type, "Only of this type");
  verb.add_option("--debate-id", options.debate_id, "Only of this debate");
  verb.add_option("--since", options.since,
                  "Dead at or after: 2026-03-01T12:00:00Z, or 90m, 2d ago");
  verb.add_option("--until", options.until, "Dead before");
  verb.add_option("--limit", options.limit, "At most so many");
}

Parameters filters(const DeadLetterOptions& options) {
  Parameters query;
  const std::pair<const char*, const std::string*> given[] = {
      {"subscriber", &options.subscriber}, {"event_type", &options.event_type},
      {"debate_id", &options.debate_id},   {"since", &options.since},
      {"until", &options.until},           {"limit", &options.limit},
      {"cursor", &options.cursor},         {"rate", &options.rate}};
  for (const auto& [name, value] : given) {
    if (!value->empty()) {
      query.emplace_back(name, *value);
    }
  }
  return query;
}

const std::vector<Column> kColumns = {{"ID", "id"},
                                      {"SUBSCRIBER", "subscriber"},
                                      {"EVENT TYPE", "event_type"},
                                      {"EVENT", "event_id"},
                                      {"REASON", "reason"},
                                      {"STATUS", "last_status"},
                                      {"ATTEMPTS", "attempts"},
                                      {"DEAD AT", "dead_at"},
                                      {"ERROR", "last_error"}};

/// NDJSON on standard output, page by page, so that an export needs no more memory than a page.
ExitCode export_all(DeadLetterOptions options) {
  ApiClient client(options.endpoint);
  options.limit = "500";
  while (true) {
    auto answer = client.call("GET", "/v1/dead-letters/export", filters(options));
    if (!answer || answer->status != 200) {
      std::fprintf(stderr, "%s\n",
                   (answer ? describe_refusal(*answer) : answer.error().message).c_str());
      return kExitFailed;
    }
    std::fputs(answer->body.c_str(), stdout);
    const std::string& lines = answer->body;
    if (lines.empty()) {
      return kExitOk;
    }
    const auto before = lines.size() < 2 ? std::string::npos : lines.rfind('\n', lines.size() - 2);
    const auto last = before == std::string::npos ? 0 : before + 1;
    // Every line begins {"id":<number>, and the number is the cursor to go on with.
    options.cursor = std::to_string(std::strtoll(lines.c_str() + last + 6, nullptr, 10));
  }
}

}  // namespace

void add_dead_letter_verbs(CLI::App& program, ExitCode& exit) {
  auto options = std::make_shared<DeadLetterOptions>();
  auto* dlq = program.add_subcommand("dlq", "The dead-letter queue: deliveries given up");
  dlq->require_subcommand(1);
  const auto verb = [&](const char* name, const char* help) {
    auto* made = dlq->add_subcommand(name, help);
    add_endpoint_options(*made, options->endpoint);
    add_format_option(*made, options->format);
    return made;
  };

  auto* list = verb("list", "List dead letters, oldest first");
  add_filters(*list, *options);
  list->add_option("--cursor", options->cursor, "Go on after this id");
  list->callback([options, &exit] {
    ApiClient client(options->endpoint);
    exit = call_and_print(client, "GET", "/v1/dead-letters", filters(*options), options->format,
                          "dead_letters", kColumns);
  });

  auto* show = verb("show", "One dead letter with its event");
  show->add_option("id", options->id, "Its number")->required();
  show->callback([options, &exit] {
    ApiClient client(options->endpoint);
    exit = call_and_print(client, "GET", "/v1/dead-letters/" + encode_segment(options->id), {},
                          options->format);
  });

  auto* retry = verb("retry", "Deliver again: one by its number, or all that match");
  retry->add_option("id", options->id, "Its number");
  add_filters(*retry, *options);
  retry->add_option("--rate", options->rate, "At most so fast: 50/s, 600/m");
  retry->add_flag("--all", options->all, "Every dead letter");
  retry->callback([options, &exit] {
    const auto query = filters(*options);
    if (options->id.empty() && query.empty() && !options->all) {
      throw CLI::ValidationError("dlq retry", "give a number, a filter, or --all");
    }
    ApiClient client(options->endpoint);
    exit = call_and_print(client, "POST",
                          options->id.empty()
                              ? "/v1/dead-letters/retry"
                              : "/v1/dead-letters/" + encode_segment(options->id) + "/retry",
                          query, options->format);
  });

  auto* discard = verb("discard", "Delete: one by its number, or all that match a filter");
  discard->add_option("id", options->id, "Its number");
  add_filters(*discard, *options);
  discard->callback([options, &exit] {
    const auto query = filters(*options);
    if (options->id.empty() && query.empty()) {
      throw CLI::ValidationError("dlq discard", "give a number or a filter");
    }
    ApiClient client(options->endpoint);
    exit = call_and_print(client, "DELETE",
                          options->id.empty() ? "/v1/dead-letters"
                                              : "/v1/dead-letters/" + encode_segment(options->id),
                          query, options->format);
  });

  auto* exported = verb("export", "Write dead letters with their events as NDJSON");
  add_filters(*exported, *options);
  exported->callback([options, &exit] { exit = export_all(*options); });
}

}  // namespace aev::app
