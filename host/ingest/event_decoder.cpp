#include "ingest/event_decoder.h"

#include "ingest/cloud_event.h"
#include "ingest/native_event.h"

namespace aev::ingest {
namespace {

/// Points to the member that a CloudEvents producer knows.
void name_as_cloud_event(EventProblem& problem) {
  if (problem.pointer == "/event_type") {
    problem.pointer = "/type";
  } else if (problem.pointer == "/debate_id") {
    problem.pointer = "/subject";
  } else if (problem.pointer == "/content_type") {
    problem.pointer = "/datacontenttype";
  }
}

}  // namespace

std::optional<EventProblem> EventDecoder::open(std::string_view json,
                                               Shape shape,
                                               std::size_t max_event_bytes) {
  shape_ = shape;
  max_event_bytes_ = max_event_bytes;
  broken_ = false;
  return reader_.open(json);
}

std::optional<EventDecoder::Item> EventDecoder::next(std::int64_t now_unix_ns) {
  if (broken_) {
    return std::nullopt;
  }
  switch (reader_.next()) {
    case JsonEventReader::Step::kEnd:
      return std::nullopt;
    case JsonEventReader::Step::kBroken:
      broken_ = true;
      return Item(reader_.problem());
    case JsonEventReader::Step::kProblem:
      return Item(reader_.problem());
    case JsonEventReader::Step::kObject:
      break;
  }
  if (reader_.object_bytes() > max_event_bytes_) {
    return Item(
        EventProblem{ProblemKind::kTooLarge,
                     {},
                     "the event is larger than " + std::to_string(max_event_bytes_) + " bytes"});
  }
  draft_.clear();
  auto wrong = shape_ == Shape::kNative ? decode_native(reader_.members(), draft_)
                                        : decode_cloud_event(reader_.members(), draft_);
  if (wrong) {
    return Item(*std::move(wrong));
  }
  return make(now_unix_ns);
}

EventDecoder::Item EventDecoder::binary(
    const std::vector<std::pair<std::string_view, std::string_view>>& headers,
    std::string_view content_type,
    std::string_view body,
    std::int64_t now_unix_ns) {
  draft_.clear();
  shape_ = Shape::kCloudEvent;
  if (auto wrong = decode_binary_cloud_event(headers, content_type, body, draft_)) {
    return *std::move(wrong);
  }
  return make(now_unix_ns);
}

EventDecoder::Item EventDecoder::given(const events::EventFields& fields,
                                       std::int64_t now_unix_ns) {
  draft_.clear();
  shape_ = Shape::kNative;
  draft_.has_id = !fields.id.empty();
  draft_.id = fields.id;
  draft_.event_type = fields.event_type;
  draft_.debate_id = fields.debate_id;
  draft_.source = fields.source;
  if (!fields.content_type.empty()) {
    draft_.content_type = fields.content_type;
  }
  draft_.data = fields.data;
  if (fields.time_unix_ns != 0) {
    draft_.time_unix_ns = fields.time_unix_ns;
  }
  draft_.attributes.assign(fields.attributes.begin(), fields.attributes.end());
  return make(now_unix_ns);
}

EventDecoder::Item EventDecoder::make(std::int64_t now_unix_ns) {
  if (auto wrong = check_draft(draft_)) {
    if (shape_ == Shape::kCloudEvent) {
      name_as_cloud_event(*wrong);
    }
    return *std::move(wrong);
  }
  events::EventFields fields;
  fields.id = draft_.has_id ? draft_.id : ids_.next(now_unix_ns);
  fields.event_type = draft_.event_type;
  fields.debate_id = draft_.debate_id;
  fields.source = draft_.source;
  fields.content_type = draft_.content_type;
  fields.data = draft_.data;
  fields.time_unix_ns = draft_.time_unix_ns.value_or(now_unix_ns);
  fields.received_unix_ns = now_unix_ns;
  fields.attributes = draft_.attributes;
  return events::Event::create(fields);
}

}  // namespace aev::ingest
