#include <iostream>

#include <CLI/CLI.hpp>

#include "app/api_output.h"
#include "app/verbs.h"

namespace aev::app {
namespace {

struct SubscriberOptions {
  ApiEndpoint endpoint;
  std::string format;
  std::string name;
  std::string reason;
  std::string query;
  std::vector<std::string> parameters;
};

struct ReplayOptions {
  ApiEndpoint endpoint;
  std::string format;
  std::string subscriber;
  std::string event_type;
  std::string debate_id;
  std::string since;
  std::string until;
  std::string match;
  std::string limit;
  std::string rate;
};

const std::vector<Column> kColumns = {{"NAME", "name"},
                                      {"PLUGIN", "plugin"},
                                      {"STATE", "state"},
                                      {"PROCESSED", "events_processed"},
                                      {"FAILED", "events_failed"},
                                      {"RETRIED", "events_retried"},
                                      {"DEAD", "events_dead_lettered"},
                                      {"IN FLIGHT", "in_flight"},
                                      {"LAG", "lag"},
                                      {"OLDEST s", "oldest_age_seconds"},
                                      {"p50 ms", "latency_ms.p50"},
                                      {"p99 ms", "latency_ms.p99"}};

/// Prints what a plugin answers as it is: JSON, CSV or whatever it likes.
ExitCode ask(const SubscriberOptions& options) {
  ApiClient client(options.endpoint);
  const std::string path = "/v1/subscribers/" + encode_segment(options.name) + "/query";
  if (options.query.empty()) {
    return call_and_print(client, "GET", path, {}, options.format, "queries",
                          {{"QUERY", "name"}, {"ANSWERS", "description"}});
  }
  Parameters parameters;
  for (const std::string& text : options.parameters) {
    const auto equals = text.find('=');
    if (equals == std::string::npos || equals == 0) {
      std::cerr << "'" << text << "': expected name=value\n";
      return kExitUsage;
    }
    parameters.emplace_back(text.substr(0, equals), text.substr(equals + 1));
  }
  const auto answer = client.call("GET", path + "/" + encode_segment(options.query), parameters);
  if (!answer || answer->status != 200) {
    std::cerr << (answer ? describe_refusal(*answer) : answer.error().message) << "\n";
    return kExitFailed;
  }
  std::cout << answer->body;
  if (!answer->body.ends_with('\n')) {
    std::cout << '\n';
  }
  return kExitOk;
}

void add_replay_verb(CLI::App& program, ExitCode& exit) {
  auto options = std::make_shared<ReplayOptions>();
  auto* replay = program.add_subcommand("replay", "Send past events again to one subscriber");
  add_endpoint_options(*replay, options->endpoint);
  add_format_option(*replay, options->format);
  replay->add_option("subscriber", options->subscriber, "Who gets them")->required();
  replay->add_option("--event-type", options->event_type, "Only of this type");
  replay->add_option("--debate-id", options->debate_id, "Only of this debate");
  replay->add_option("--since", options->since, "Received at or after: a time, or 90m, 2d ago");
  replay->add_option("--until", options->until, "Received before");
  replay->add_option("--match", options->match, "Only events that match this event pattern (JSON)");
  replay->add_option("--limit", options->limit, "At most so many");
  replay->add_option("--rate", options->rate, "At most so fast: 50/s, 600/m");
  replay->callback([options, &exit] {
    Parameters query;
    const std::pair<const char*, const std::string*> given[] = {
        {"subscriber", &options->subscriber}, {"event_type", &options->event_type},
        {"debate_id", &options->debate_id},   {"since", &options->since},
        {"until", &options->until},           {"match", &options->match},
        {"limit", &options->limit},           {"rate", &options->rate}};
    for (const auto& [name, value] : given) {
      if (!value->empty()) {
        query.emplace_back(name, *value);
      }
    }
    ApiClient client(options->endpoint);
    exit = call_and_print(client, "POST", "/v1/replays", query, options->format);
  });
}

}  // namespace

void add_subscriber_verbs(CLI::App& program, ExitCode& exit) {
  auto options = std::make_shared<SubscriberOptions>();
  auto* subscribers = program.add_subcommand("subscribers", "Who gets events, and how they fare");
  subscribers->require_subcommand(1);
  const auto verb = [&](const char* name, const char* help) {
    auto* made = subscribers->add_subcommand(name, help);
    add_endpoint_options(*made, options->endpoint);
    add_format_option(*made, options->format);
    return made;
  };

  auto* list = verb("list", "All with their state and numbers");
  list->callback([options, &exit] {
    ApiClient client(options->endpoint);
    exit = call_and_print(client, "GET", "/v1/subscribers", {}, options->format, "subscribers",
                          kColumns);
  });
  const auto named = [&](const char* name, const char* help) {
    auto* made = verb(name, help);
    made->add_option("name", options->name, "Its name in the YAML")->required();
    return made;
  };
  named("show", "One with everything about it")->callback([options, &exit] {
    ApiClient client(options->endpoint);
    exit = call_and_print(client, "GET", "/v1/subscribers/" + encode_segment(options->name), {},
                          options->format);
  });
  named("deliveries", "Its latest attempts")->callback([options, &exit] {
    ApiClient client(options->endpoint);
    exit = call_and_print(client, "GET",
                          "/v1/subscribers/" + encode_segment(options->name) + "/deliveries", {},
                          options->format, "attempts",
                          {{"STARTED", "started_at"},
                           {"EVENT", "event_id"},
                           {"ATTEMPT", "attempt"},
                           {"OUTCOME", "outcome"},
                           {"STATUS", "status"},
                           {"MS", "duration_ms"},
                           {"ERROR", "error"}});
  });
  auto* pause = named("pause", "Keep its events until it is resumed");
  pause->add_option("--reason", options->reason, "Shown to whoever wonders");
  pause->callback([options, &exit] {
    ApiClient client(options->endpoint);
    Parameters query;
    if (!options->reason.empty()) {
      query.emplace_back("reason", options->reason);
    }
    exit = call_and_print(client, "POST",
                          "/v1/subscribers/" + encode_segment(options->name) + "/pause", query,
                          options->format);
  });
  named("resume", "Deliver again")->callback([options, &exit] {
    ApiClient client(options->endpoint);
    exit = call_and_print(client, "POST",
                          "/v1/subscribers/" + encode_segment(options->name) + "/resume", {},
                          options->format);
  });

  named("forget", "Drop all that is kept for one that the YAML no longer names")
      ->callback([options, &exit] {
        ApiClient client(options->endpoint);
        exit = call_and_print(client, "DELETE", "/v1/subscribers/" + encode_segment(options->name),
                              {}, options->format);
      });
  auto* query = named("query", "Ask its plugin; without a query, what may be asked");
  query->add_option("query", options->query, "Name of the query");
  query->add_option("parameters", options->parameters, "name=value …");
  query->callback([options, &exit] { exit = ask(*options); });

  auto* stats = program.add_subcommand("stats", "The host's numbers");
  add_endpoint_options(*stats, options->endpoint);
  add_format_option(*stats, options->format);
  stats->callback([options, &exit] {
    ApiClient client(options->endpoint);
    exit = call_and_print(client, "GET", "/v1/stats", {}, options->format);
    if (exit == kExitOk && options->format == "text") {
      exit = call_and_print(client, "GET", "/v1/subscribers", {}, options->format, "subscribers",
                            kColumns);
    }
  });
  add_replay_verb(program, exit);
}

}  // namespace aev::app
