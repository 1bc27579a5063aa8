#include "ingest/event_draft.h"

#include <algorithm>

#include "events/canonical_json.h"
#include "ingest/base64.h"

namespace aev::ingest {
namespace {

constexpr std::size_t kMaxIdBytes = 256;
constexpr std::size_t kMaxTypeBytes = 128;
constexpr std::size_t kMaxDebateIdBytes = 256;
constexpr std::size_t kMaxSourceBytes = 2048;
constexpr std::size_t kMaxContentTypeBytes = 256;
constexpr std::size_t kMaxAttributeNameBytes = 256;

/// No control characters: C0, DEL, and C1 (which is C2 80 to C2 9F in UTF-8).
bool is_printable(std::string_view text) {
  for (std::size_t i = 0; i < text.size(); ++i) {
    const auto byte = static_cast<unsigned char>(text[i]);
    if (byte < 0x20 || byte == 0x7f) {
      return false;
    }
    if (byte == 0xC2 && i + 1 < text.size() && static_cast<unsigned char>(text[i + 1]) < 0xA0) {
      return false;
    }
  }
  return true;
}

bool is_type_character(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' ||
         c == '.' || c == ':' || c == '-' || c == '/';
}

Verdict bounded(std::string_view name, std::string_view value, std::size_t most) {
  if (value.size() <= most && is_printable(value)) {
    return std::nullopt;
  }
  return about(ProblemKind::kInvalid, name,
               std::string(name) + " is at most " + std::to_string(most) +
                   " bytes without control characters");
}

}  // namespace

void EventDraft::clear() {
  id = {};
  has_id = false;
  event_type = {};
  debate_id = {};
  source = {};
  content_type = "application/json";
  data = {};
  time_unix_ns.reset();
  attributes.clear();
  owned.clear();
}

std::string_view EventDraft::own(std::string text) {
  owned.push_back(std::move(text));
  return owned.back();
}

EventProblem about(ProblemKind kind, std::string_view member, std::string detail) {
  std::string pointer = "/";
  for (const char c : member) {
    if (c == '~') {
      pointer += "~0";
    } else if (c == '/') {
      pointer += "~1";
    } else {
      pointer += c;
    }
  }
  return {kind, std::move(pointer), std::move(detail)};
}

Verdict check_draft(const EventDraft& draft) {
  if (draft.event_type.empty()) {
    return about(ProblemKind::kNotAnEvent, "event_type",
                 "event_type is missing: expected a string");
  }
  if (draft.event_type.size() > kMaxTypeBytes ||
      !std::all_of(draft.event_type.begin(), draft.event_type.end(), is_type_character)) {
    return about(ProblemKind::kInvalid, "event_type",
                 "event_type is 1 to 128 of the characters A-Z a-z 0-9 _ . : - /");
  }
  if (draft.has_id &&
      (draft.id.empty() || draft.id.size() > kMaxIdBytes || !is_printable(draft.id))) {
    return about(ProblemKind::kInvalid, "id", "id is 1 to 256 bytes without control characters");
  }
  if (auto wrong = bounded("debate_id", draft.debate_id, kMaxDebateIdBytes)) {
    return wrong;
  }
  if (auto wrong = bounded("source", draft.source, kMaxSourceBytes)) {
    return wrong;
  }
  if (auto wrong = bounded("content_type", draft.content_type, kMaxContentTypeBytes)) {
    return wrong;
  }
  for (const auto& attribute : draft.attributes) {
    if (attribute.name.empty() || attribute.name.size() > kMaxAttributeNameBytes ||
        !is_printable(attribute.name)) {
      return about(ProblemKind::kInvalid, attribute.name,
                   "the name of a member is 1 to 256 bytes without control characters");
    }
  }
  return std::nullopt;
}

Verdict take_text(const JsonMember& member, std::string_view& out) {
  if (member.kind == JsonKind::kNull) {
    return std::nullopt;
  }
  if (member.kind != JsonKind::kString) {
    return about(ProblemKind::kNotAnEvent, member.name,
                 std::string(member.name) + " has the wrong type: expected a string");
  }
  out = member.text;
  return std::nullopt;
}

Verdict take_data(const JsonMember* data,
                  const JsonMember* data_base64,
                  std::string_view content_type,
                  EventDraft& draft) {
  if (data != nullptr && data_base64 != nullptr) {
    return about(ProblemKind::kNotAnEvent, "data_base64",
                 "data and data_base64 exclude each other");
  }
  if (!content_type.empty()) {
    draft.content_type = content_type;
  }
  if (data_base64 != nullptr && data_base64->kind != JsonKind::kNull) {
    std::string_view encoded;
    if (auto wrong = take_text(*data_base64, encoded)) {
      return wrong;
    }
    std::string bytes;
    if (!decode_base64(encoded, bytes)) {
      return about(ProblemKind::kMalformed, "data_base64", "data_base64 is not standard base64");
    }
    if (content_type.empty()) {
      draft.content_type = "application/octet-stream";
    }
    draft.data = draft.own(std::move(bytes));
    if (!draft.data.empty() && events::is_json_media_type(draft.content_type)) {
      if (auto wrong = check_json(draft.data)) {
        return about(ProblemKind::kMalformed, "data_base64", "data_base64: " + wrong->detail);
      }
    }
    return std::nullopt;
  }
  if (data != nullptr) {
    const bool text =
        data->kind == JsonKind::kString && !events::is_json_media_type(draft.content_type);
    draft.data = text ? data->text : data->raw;
  }
  return std::nullopt;
}

Verdict check_repeats(const std::vector<JsonMember>& members) {
  for (std::size_t i = 1; i < members.size(); ++i) {
    for (std::size_t k = 0; k < i; ++k) {
      if (members[i].name == members[k].name) {
        return about(ProblemKind::kInvalid, members[i].name,
                     std::string(members[i].name) + " is given twice: expected it once");
      }
    }
  }
  return std::nullopt;
}

}  // namespace aev::ingest
