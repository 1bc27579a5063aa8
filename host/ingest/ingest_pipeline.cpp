#include "ingest/ingest_pipeline.h"

#include <algorithm>
#include <string>

#include "ingest/ndjson_lines.h"

namespace aev::ingest {
namespace {

constexpr std::size_t kStreamIds = 1000;
constexpr std::string_view kJsonType = "application/json";

using CeHeaders = std::vector<std::pair<std::string_view, std::string_view>>;

void collect_ce(void* context, std::string_view name, std::string_view value) {
  if (name.size() > 3 && (name[0] | 0x20) == 'c' && (name[1] | 0x20) == 'e' && name[2] == '-') {
    static_cast<CeHeaders*>(context)->emplace_back(name.substr(3), value);
  }
}

Counter rejected_counter(Metrics& metrics, const char* reason) {
  return metrics.counter("aragora_ingest_rejected_total",
                         "Events and requests that were refused, by reason", {{"reason", reason}});
}

}  // namespace

IngestMetrics::IngestMetrics(Metrics& metrics)
    : duplicates(
          metrics.counter("aragora_ingest_duplicates_total", "Events whose id was there already")),
      bytes(metrics.counter("aragora_ingest_bytes_total", "Payload bytes of events taken in")),
      malformed(rejected_counter(metrics, "malformed")),
      invalid(rejected_counter(metrics, "invalid")),
      not_an_event(rejected_counter(metrics, "not_an_event")),
      too_large(rejected_counter(metrics, "too_large")),
      unsupported(rejected_counter(metrics, "unsupported")),
      busy(rejected_counter(metrics, "busy")),
      full(rejected_counter(metrics, "full")),
      io(rejected_counter(metrics, "io")),
      seconds(
          metrics.histogram("aragora_ingest_request_seconds",
                            "From the head of a request to its answer",
                            {},
                            {0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 1, 5})) {
  for (const Format format : {Format::kJson, Format::kNdjson, Format::kCloudEvent,
                              Format::kCloudEventBatch, Format::kCloudEventBinary}) {
    events[static_cast<std::size_t>(format)] = metrics.counter(
        "aragora_ingest_events_total", "Events taken in, duplicates included, by format",
        {{"format", std::string(to_string(format))}});
  }
}

void IngestMetrics::rejected(const EventProblem& problem) const {
  switch (problem.kind) {
    case ProblemKind::kMalformed:
      return malformed.add();
    case ProblemKind::kInvalid:
      return invalid.add();
    case ProblemKind::kNotAnEvent:
      return not_an_event.add();
    case ProblemKind::kTooLarge:
      return too_large.add();
  }
}

void IngestMetrics::rejected(const Error& error) const {
  switch (error.code) {
    case ErrorCode::kBusy:
      return busy.add();
    case ErrorCode::kFull:
      return full.add();
    case ErrorCode::kTooLarge:
      return too_large.add();
    case ErrorCode::kUnsupported:
      return unsupported.add();
    case ErrorCode::kInvalid:
      return malformed.add();
    default:
      return io.add();
  }
}

IngestPipeline::IngestPipeline(const IngestParts& parts,
                               const IngestMetrics& metrics,
                               Workspace& work,
                               http::Exchange& exchange,
                               Format format,
                               bool partial)
    : parts_(parts),
      metrics_(metrics),
      work_(work),
      exchange_(exchange),
      format_(format),
      partial_(partial),
      limits_(parts.limits_of_now()),
      router_(parts.router()),
      schemas_(parts.schemas ? parts.schemas() : nullptr) {
  work_.answer.clear();
  work_.batch.clear();
}

void IngestPipeline::run() {
  switch (format_) {
    case Format::kJson:
    case Format::kCloudEvent:
    case Format::kCloudEventBatch:
      run_document();
      break;
    case Format::kNdjson:
      run_lines();
      break;
    case Format::kCloudEventBinary:
      run_binary();
      break;
  }
  work_.batch.clear();
  work_.decoder.shrink();
}

EventDecoder::Item IngestPipeline::judged(EventDecoder::Item item) const {
  if (const auto* event = std::get_if<events::EventRef>(&item); event != nullptr && schemas_) {
    if (auto problem = schemas_->judge(**event)) {
      return *std::move(problem);
    }
  }
  return item;
}

void IngestPipeline::add(events::EventRef event) {
  auto match = router_->route(*event);
  work_.batch.push_back({std::move(event), std::move(match.targets)});
}

Result<void> IngestPipeline::append_batch() {
  auto outcome = parts_.store.append(work_.batch);
  if (!outcome) {
    work_.batch.clear();
    return std::move(outcome.error());
  }
  std::size_t duplicates = 0;
  std::size_t bytes = 0;
  for (std::size_t i = 0; i < work_.batch.size(); ++i) {
    const bool duplicate = outcome->items[i].duplicate;
    duplicates += duplicate ? 1 : 0;
    bytes += work_.batch[i].event->data().size();
    work_.answer.add_stored(work_.batch[i].event->id(), duplicate);
  }
  metrics_.events[static_cast<std::size_t>(format_)].add(static_cast<double>(work_.batch.size()));
  metrics_.bytes.add(static_cast<double>(bytes));
  if (duplicates > 0) {
    metrics_.duplicates.add(static_cast<double>(duplicates));
  }
  work_.batch.clear();
  return {};
}

void IngestPipeline::accept() {
  exchange_.respond(202, kJsonType, work_.answer.finish());
}

void IngestPipeline::refuse(const EventProblem& problem,
                            std::uint64_t index,
                            std::string_view extra) {
  metrics_.rejected(problem);
  exchange_.respond(problem_answer(problem, index, extra));
}

void IngestPipeline::refuse(const Error& error, std::string_view extra) {
  metrics_.rejected(error);
  exchange_.respond(error.code == ErrorCode::kIo
                        ? http::problem_response(408, "Request timeout", error, extra)
                        : http::problem_response(error, extra));
}

void IngestPipeline::run_document() {
  const auto body = exchange_.read_body(limits_.max_body_bytes);
  if (!body) {
    refuse(body.error());
    return;
  }
  static_assert(http::kBodyPadding >= kJsonPadding);
  const Shape shape = format_ == Format::kJson ? Shape::kNative : Shape::kCloudEvent;
  EventDecoder& decoder = work_.decoder;
  if (const auto problem = decoder.open(*body, shape, limits_.max_event_bytes)) {
    refuse(*problem, 0);
    return;
  }
  if (decoder.is_array() != (format_ == Format::kCloudEventBatch) && format_ != Format::kJson) {
    refuse(EventProblem{ProblemKind::kNotAnEvent,
                        {},
                        decoder.is_array() ? "expected one CloudEvent; a batch is sent as "
                                             "application/cloudevents-batch+json"
                                           : "expected an array of CloudEvents"},
           0);
    return;
  }
  const std::int64_t now = parts_.clock.unix_now_ns();
  std::uint64_t index = 0;
  for (auto next = decoder.next(now); next; next = decoder.next(now), ++index) {
    auto item = judged(*std::move(next));
    if (auto* event = std::get_if<events::EventRef>(&item)) {
      add(std::move(*event));
      continue;
    }
    const auto& problem = std::get<EventProblem>(item);
    // A document that is not JSON, or a single bad event, has no good part.
    if (!partial_ || decoder.broken() || !decoder.is_array()) {
      refuse(problem, index);
      return;
    }
    metrics_.rejected(problem);
    work_.answer.add_error(index, problem);
  }
  if (!work_.batch.empty()) {
    if (auto stored = append_batch(); !stored) {
      refuse(stored.error());
      return;
    }
  }
  accept();
}

std::string IngestPipeline::stream_members(std::uint64_t line) const {
  return "\"line\":" + std::to_string(line) +
         ",\"accepted\":" + std::to_string(work_.answer.accepted()) +
         ",\"duplicates\":" + std::to_string(work_.answer.duplicates());
}

void IngestPipeline::run_lines() {
  const std::size_t max_event = limits_.max_event_bytes;
  work_.answer.limit_ids(kStreamIds);
  NdjsonLines lines(max_event);
  std::uint64_t index = 0;
  std::uint64_t first_unstored = 1;
  while (true) {
    const auto more = lines.read_slice(exchange_);
    if (!more) {
      refuse(more.error(), stream_members(first_unstored));
      return;
    }
    if (!*more) {
      break;
    }
    const std::int64_t now = parts_.clock.unix_now_ns();
    std::optional<EventProblem> bad;
    NdjsonLines::Line line;
    while (!bad && lines.next(line)) {
      std::optional<EventProblem> problem;
      if (line.text.size() > max_event || lines.overlong()) {
        problem = EventProblem{ProblemKind::kTooLarge,
                               {},
                               "the line is longer than " + std::to_string(max_event) + " bytes"};
      } else if (problem = work_.decoder.open(line.text, Shape::kNative, max_event); !problem) {
        auto item = work_.decoder.is_array()
                        ? EventDecoder::Item(EventProblem{
                              ProblemKind::kNotAnEvent, {}, "expected one object on the line"})
                        : judged(*work_.decoder.next(now));
        if (auto* event = std::get_if<events::EventRef>(&item)) {
          add(std::move(*event));
        } else {
          problem = std::get<EventProblem>(std::move(item));
        }
      }
      if (problem && (!partial_ || lines.overlong())) {
        bad = std::move(problem);
      } else if (problem) {
        metrics_.rejected(*problem);
        work_.answer.add_error(index, *problem);
      }
      index += bad ? 0 : 1;
    }
    if (!work_.batch.empty()) {
      if (auto stored = append_batch(); !stored) {
        refuse(stored.error(), stream_members(first_unstored));
        return;
      }
    }
    if (bad) {
      refuse(*bad, index, stream_members(line.number));
      return;
    }
    first_unstored = line.number + 1;
  }
  accept();
}

void IngestPipeline::run_binary() {
  const auto body = exchange_.read_body(std::min(limits_.max_body_bytes, limits_.max_event_bytes));
  if (!body) {
    refuse(body.error());
    return;
  }
  CeHeaders headers;
  exchange_.each_header(collect_ce, &headers);
  take_one(judged(work_.decoder.binary(headers, exchange_.header("content-type"), *body,
                                       parts_.clock.unix_now_ns())));
}

void IngestPipeline::run_report(SecurityReport report) {
  const std::size_t most = std::min(limits_.max_body_bytes, limits_.max_event_bytes);
  const auto body = exchange_.read_body(most);
  if (!body) {
    refuse(body.error());
    return;
  }
  take_one(judged(work_.reports.read(report, *body, most, parts_.clock.unix_now_ns())));
}

void IngestPipeline::take_one(EventDecoder::Item item) {
  if (const auto* problem = std::get_if<EventProblem>(&item)) {
    refuse(*problem, 0);
    return;
  }
  add(std::get<events::EventRef>(std::move(item)));
  if (auto stored = append_batch(); !stored) {
    refuse(stored.error());
    return;
  }
  accept();
}

}  // namespace aev::ingest
