#include "ingest/native_event.h"

#include "core/clock.h"
#include "ingest/aragora_event.h"
#include "ingest/timestamp.h"

namespace aev::ingest {
namespace {

/// Members that mean something to us, by place in the object.
struct KnownMembers {
  const JsonMember* id = nullptr;
  const JsonMember* event_type = nullptr;
  const JsonMember* type = nullptr;
  const JsonMember* debate_id = nullptr;
  const JsonMember* loop_id = nullptr;
  const JsonMember* source = nullptr;
  const JsonMember* timestamp = nullptr;
  const JsonMember* data = nullptr;
  const JsonMember* data_base64 = nullptr;
  const JsonMember* content_type = nullptr;
  const JsonMember* specversion = nullptr;

  /// Where a member of that name goes; null for an attribute.
  const JsonMember** slot(std::string_view name) {
    switch (name.size()) {
      case 2:
        return name == "id" ? &id : nullptr;
      case 4:
        return name == "data" ? &data : name == "type" ? &type : nullptr;
      case 6:
        return name == "source" ? &source : nullptr;
      case 7:
        return name == "loop_id" ? &loop_id : nullptr;
      case 9:
        return name == "debate_id" ? &debate_id : name == "timestamp" ? &timestamp : nullptr;
      case 10:
        return name == "event_type" ? &event_type : nullptr;
      case 11:
        return name == "data_base64"   ? &data_base64
               : name == "specversion" ? &specversion
                                       : nullptr;
      case 12:
        return name == "content_type" ? &content_type : nullptr;
      default:
        return nullptr;
    }
  }
};

Verdict take_timestamp(const JsonMember& member, EventDraft& draft) {
  constexpr const char* kExpected =
      "timestamp: expected RFC 3339 (2026-03-01T12:00:00Z) or Unix seconds (1772366400.5)";
  std::int64_t unix_ns = 0;
  switch (member.kind) {
    case JsonKind::kNull:
      return std::nullopt;
    case JsonKind::kNumber:
      if (!parse_unix_seconds(member.raw, unix_ns)) {
        return about(ProblemKind::kInvalid, member.name, kExpected);
      }
      break;
    case JsonKind::kString:
      // Python's isoformat() leaves the offset out when it means UTC.
      if (!parse_rfc3339(member.text, unix_ns) &&
          !parse_rfc3339(std::string(member.text) + "Z", unix_ns)) {
        return about(ProblemKind::kInvalid, member.name, kExpected);
      }
      break;
    default:
      return about(ProblemKind::kNotAnEvent, member.name, kExpected);
  }
  draft.time_unix_ns = unix_ns;
  return std::nullopt;
}

Verdict take_optional_text(const JsonMember* member, std::string_view& out) {
  return member == nullptr ? std::nullopt : take_text(*member, out);
}

bool is_null(const JsonMember* member) {
  return member == nullptr || member->kind == JsonKind::kNull;
}

}  // namespace

Verdict decode_native(const std::vector<JsonMember>& members, EventDraft& draft) {
  if (auto wrong = check_repeats(members)) {
    return wrong;
  }
  KnownMembers known;
  for (const auto& member : members) {
    const JsonMember** slot = known.slot(member.name);
    if (slot != nullptr) {
      *slot = &member;
    } else {
      draft.attributes.push_back({member.name, member.raw});
    }
  }
  if (is_null(known.event_type) && known.type != nullptr && known.specversion != nullptr) {
    return EventProblem{
        ProblemKind::kNotAnEvent, "/specversion",
        "this is a CloudEvent: send it as application/cloudevents+json (an array as "
        "application/cloudevents-batch+json)"};
  }
  const auto keep_as_attribute = [&draft](const JsonMember* member) {
    if (member != nullptr) {
      draft.attributes.push_back({member->name, member->raw});
    }
  };
  keep_as_attribute(known.specversion);
  const bool envelope = is_null(known.event_type) && known.type != nullptr;
  if (envelope) {
    known.event_type = known.type;
  } else {
    keep_as_attribute(known.type);
  }
  if (known.debate_id == nullptr) {
    known.debate_id = known.loop_id;
  } else {
    keep_as_attribute(known.loop_id);
  }

  if (auto wrong = take_optional_text(known.event_type, draft.event_type)) {
    return wrong;
  }
  if (auto wrong = take_optional_text(known.id, draft.id)) {
    return wrong;
  }
  draft.has_id = !is_null(known.id);
  if (auto wrong = take_optional_text(known.debate_id, draft.debate_id)) {
    return wrong;
  }
  if (auto wrong = take_optional_text(known.source, draft.source)) {
    return wrong;
  }
  if (known.timestamp != nullptr) {
    if (auto wrong = take_timestamp(*known.timestamp, draft)) {
      return wrong;
    }
  }
  std::string_view content_type;
  if (auto wrong = take_optional_text(known.content_type, content_type)) {
    return wrong;
  }
  if (auto wrong = take_data(known.data, known.data_base64, content_type, draft)) {
    return wrong;
  }
  if (!envelope && is_bus_event(members)) {
    decode_bus_payload(members, draft);
  }
  return std::nullopt;
}

}  // namespace aev::ingest
