#pragma once

#include <cstdint>
#include <deque>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "events/event.h"
#include "ingest/event_problem.h"
#include "ingest/json_event_reader.h"

namespace aev::ingest {

/// What a decoder found of an event, before it is checked and made. Views point into the request or
/// into `owned`. Confined to one thread; reused from event to event.
struct EventDraft {
  std::string_view id;  ///< empty: ours
  bool has_id = false;
  std::string_view event_type;
  std::string_view debate_id;
  std::string_view source;
  std::string_view content_type = "application/json";
  std::string_view data;
  std::optional<std::int64_t> time_unix_ns;
  std::vector<events::Attribute> attributes;
  std::deque<std::string> owned;

  void clear();
  /// Keeps `text` as long as the draft is not cleared.
  std::string_view own(std::string text);
};

/// Either nothing is wrong, or this is.
using Verdict = std::optional<EventProblem>;

/// Checks the bounds of every field (the names in messages are those of the native form).
[[nodiscard]] Verdict check_draft(const EventDraft& draft);

/// Takes a string member; null counts as absent (`out` stays), another type is kNotAnEvent.
[[nodiscard]] Verdict take_text(const JsonMember& member, std::string_view& out);

/// Sets data and content type from the members `data` and `data_base64` (null pointers: absent)
/// under the media type `content_type` (empty: not given): JSON data is kept as sent, data of
/// another type that is a JSON string is that string's text.
[[nodiscard]] Verdict take_data(const JsonMember* data,
                                const JsonMember* data_base64,
                                std::string_view content_type,
                                EventDraft& draft);

/// A problem about a member, its pointer escaped after RFC 6901.
[[nodiscard]] EventProblem about(ProblemKind kind, std::string_view member, std::string detail);

/// The first member whose name was there before, as a problem.
[[nodiscard]] Verdict check_repeats(const std::vector<JsonMember>& members);

}  // namespace aev::ingest
