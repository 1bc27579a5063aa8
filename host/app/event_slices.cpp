#include "app/event_slices.h"

#include <Poco/JSON/Parser.h>

namespace aev::app {
namespace {

constexpr std::size_t kSliceBytes = 1u << 20;
constexpr std::size_t kMaxDocumentBytes = 64u << 20;

bool is_json_object(const std::string& text) {
  try {
    return Poco::JSON::Parser().parse(text).type() == typeid(Poco::JSON::Object::Ptr);
  } catch (const std::exception&) {
    return false;
  }
}

}  // namespace

EventSlicer::EventSlicer(std::istream& in,
                         std::string format,
                         const std::string& name,
                         std::size_t max_lines)
    : in_(in), format_(std::move(format)), max_lines_(max_lines) {
  if (format_ != "auto") {
    return;
  }
  if (name.ends_with(".ndjson") || name.ends_with(".jsonl")) {
    format_ = "ndjson";
    return;
  }
  std::getline(in_, pending_);
  if (!in_.eof()) {
    pending_ += '\n';
  }
  format_ = is_json_object(pending_) ? "ndjson" : "json";
}

Result<EventSlice> EventSlicer::next() {
  if (format_ == "ndjson") {
    return next_lines();
  }
  if (format_ == "cloudevents") {
    return rest("application/cloudevents+json");
  }
  if (format_ == "cloudevents-batch") {
    return rest("application/cloudevents-batch+json");
  }
  return rest("application/json");
}

Result<EventSlice> EventSlicer::next_lines() {
  EventSlice slice{{}, "application/x-ndjson", line_ + 1};
  std::size_t lines = 0;
  if (!pending_.empty()) {
    slice.body = std::move(pending_);
    pending_.clear();
    ++lines;
  }
  std::string line;
  while (lines < max_lines_ && slice.body.size() < kSliceBytes && std::getline(in_, line)) {
    slice.body += line;
    slice.body += '\n';
    ++lines;
  }
  line_ += lines;
  return slice;
}

Result<EventSlice> EventSlicer::rest(const std::string& content_type) {
  EventSlice slice{std::move(pending_), content_type, 1};
  pending_.clear();
  std::string line;
  while (std::getline(in_, line)) {
    slice.body += line;
    slice.body += '\n';
    if (slice.body.size() > kMaxDocumentBytes) {
      return Error{ErrorCode::kTooLarge,
                   "a JSON document is sent in one request and this one exceeds 64 MiB; write the "
                   "events as NDJSON, one per line",
                   {}};
    }
  }
  if (slice.body.find_first_not_of(" \t\r\n") == std::string::npos) {
    slice.body.clear();
  }
  return slice;
}

}  // namespace aev::app
