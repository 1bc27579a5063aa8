#include <algorithm>
#include <cstdio>
#include <fstream>
#include <iostream>
#include <poll.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <Poco/JSON/Parser.h>

#include "app/api_client.h"
#include "app/direct_send.h"
#include "app/event_slices.h"
#include "app/verbs.h"
#include "core/json_writer.h"

namespace aev::app {
namespace {

constexpr int kMaxBusyRetries = 60;

struct EmitOptions {
  ApiEndpoint endpoint;
  std::vector<std::string> files;
  std::string event_type;
  std::string debate_id;
  std::string source;
  std::string id;
  std::string data;
  std::string format = "auto";
  std::size_t batch = 500;
  bool quiet = false;
  DirectTarget direct;
};

/// What has been sent so far.
struct Progress {
  std::uint64_t accepted = 0;
  std::uint64_t duplicates = 0;
  bool shown = false;
};

void show(const EmitOptions& options, Progress& progress, bool last) {
  if (options.quiet) {
    return;
  }
  const bool terminal = isatty(STDERR_FILENO) == 1;
  if (!terminal && !last) {
    return;
  }
  std::fprintf(stderr, "%s%llu events accepted, %llu duplicates%s", terminal ? "\r" : "",
               static_cast<unsigned long long>(progress.accepted),
               static_cast<unsigned long long>(progress.duplicates), last ? "\n" : "");
}

/// Posts one slice; while the host is busy or full it waits as long as the host asks for.
Result<ApiAnswer> post(ApiClient& client, const EventSlice& slice) {
  for (int tries = 0;; ++tries) {
    auto answer = client.call("POST", "/v1/events", {}, slice.body, slice.content_type);
    if (!answer || (answer->status != 503 && answer->status != 507) || tries == kMaxBusyRetries) {
      return answer;
    }
    poll(nullptr, 0, static_cast<int>(std::clamp(answer->retry_after_s, 1u, 60u)) * 1000);
  }
}

void count(const std::string& body, Progress& progress) {
  try {
    const auto json = Poco::JSON::Parser().parse(body).extract<Poco::JSON::Object::Ptr>();
    progress.accepted += json->optValue<Poco::UInt64>("accepted", 0);
    progress.duplicates += json->optValue<Poco::UInt64>("duplicates", 0);
  } catch (const std::exception&) {
    // an answer without counts adds nothing
  }
}

ExitCode send_stream(const EmitOptions& options,
                     ApiClient& client,
                     std::istream& in,
                     const std::string& name,
                     Progress& progress) {
  EventSlicer slicer(in, options.format, name, options.batch);
  while (true) {
    auto slice = slicer.next();
    if (!slice) {
      std::fprintf(stderr, "%s: %s\n", name.c_str(), slice.error().message.c_str());
      return kExitFailed;
    }
    if (slice->body.empty()) {
      return kExitOk;
    }
    const auto answer = post(client, *slice);
    if (!answer) {
      std::fprintf(stderr, "%s\n", answer.error().message.c_str());
      return kExitFailed;
    }
    count(answer->body, progress);
    if (answer->status != 202) {
      show(options, progress, true);
      std::fprintf(stderr, "%s: the slice that begins at line %llu was refused: %s\n", name.c_str(),
                   static_cast<unsigned long long>(slice->first_line),
                   describe_refusal(*answer).c_str());
      return kExitFailed;
    }
    show(options, progress, false);
  }
}

std::string single_event(const EmitOptions& options) {
  JsonWriter json;
  json.begin_object();
  if (!options.id.empty()) {
    json.field("id", options.id);
  }
  json.field("event_type", options.event_type);
  if (!options.debate_id.empty()) {
    json.field("debate_id", options.debate_id);
  }
  if (!options.source.empty()) {
    json.field("source", options.source);
  }
  if (!options.data.empty()) {
    json.key("data").raw(options.data);
  }
  json.end_object();
  return json.take();
}

ExitCode emit(const EmitOptions& options) {
  if (!options.direct.url.empty()) {
    return send_directly(options.direct, options.event_type.empty() ? "" : single_event(options),
                         options.files);
  }
  ApiClient client(options.endpoint);
  Progress progress;
  ExitCode exit = kExitOk;
  if (!options.event_type.empty()) {
    const auto answer = post(client, {single_event(options), "application/json", 1});
    if (!answer || answer->status != 202) {
      std::fprintf(stderr, "%s\n",
                   (answer ? describe_refusal(*answer) : answer.error().message).c_str());
      return kExitFailed;
    }
    std::printf("%s\n", answer->body.c_str());
    return kExitOk;
  }
  if (options.files.empty()) {
    exit = send_stream(options, client, std::cin, "standard input", progress);
  }
  for (const auto& file : options.files) {
    if (file == "-") {
      exit = send_stream(options, client, std::cin, "standard input", progress);
    } else {
      std::ifstream in(file, std::ios::binary);
      if (!in) {
        std::fprintf(stderr, "%s: cannot be read\n", file.c_str());
        return kExitFailed;
      }
      exit = send_stream(options, client, in, file, progress);
    }
    if (exit != kExitOk) {
      return exit;
    }
  }
  show(options, progress, true);
  return exit;
}

}  // namespace

void add_emit_verb(CLI::App& program, ExitCode& exit) {
  auto options = std::make_shared<EmitOptions>();
  auto* verb = program.add_subcommand("emit", "Send events: files, standard input, or one event");
  add_endpoint_options(*verb, options->endpoint);
  verb->add_option("files", options->files, "NDJSON or JSON files; - or none is standard input");
  verb->add_option("--event-type,--type", options->event_type, "Send one event of this type");
  verb->add_option("--debate-id", options->debate_id, "Its debate");
  verb->add_option("--source", options->source, "Its source");
  verb->add_option("--id", options->id, "Its id; the host gives one if absent");
  verb->add_option("--data", options->data, "Its data as JSON");
  verb->add_option("--format", options->format,
                   "auto, ndjson, json, cloudevents, cloudevents-batch")
      ->check(CLI::IsMember({"auto", "ndjson", "json", "cloudevents", "cloudevents-batch"}))
      ->capture_default_str();
  verb->add_option("--batch", options->batch, "Lines per request")
      ->check(CLI::Range(1, 10'000))
      ->capture_default_str();
  verb->add_flag("-q,--quiet", options->quiet, "No progress");
  add_direct_options(*verb, options->direct);
  verb->callback([options, &exit] { exit = emit(*options); });
}

}  // namespace aev::app
