#include "ingest/decode.h"

#include <limits>
#include <string>

#include "ingest/event_decoder.h"

namespace aev::ingest {
namespace {

Error to_error(const EventProblem& problem) {
  return Error{ErrorCode::kInvalid, problem.detail, problem.pointer};
}

}  // namespace

Result<events::EventRef> decode_event(std::string_view json, std::int64_t now_unix_ns) {
  std::string padded(json);
  padded.append(kJsonPadding, ' ');
  EventDecoder decoder;
  if (auto problem = decoder.open(std::string_view(padded).substr(0, json.size()), Shape::kNative,
                                  std::numeric_limits<std::size_t>::max())) {
    return to_error(*problem);
  }
  if (decoder.is_array()) {
    return Error{ErrorCode::kInvalid, "expected one event as an object, not an array", {}};
  }
  auto item = decoder.next(now_unix_ns);
  if (!item) {
    return Error{ErrorCode::kInvalid, "there is no event in the text", {}};
  }
  if (const auto* problem = std::get_if<EventProblem>(&*item)) {
    return to_error(*problem);
  }
  return std::get<events::EventRef>(std::move(*item));
}

}  // namespace aev::ingest
