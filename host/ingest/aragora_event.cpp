#include "ingest/aragora_event.h"

#include "core/json_text.h"

namespace aev::ingest {
namespace {

bool is_tracing(std::string_view name) {
  return name == "correlation_id" || name == "trace_id" || name == "span_id";
}

bool is_envelope(std::string_view name) {
  return name == "event_type" || name == "debate_id" || name == "timestamp";
}

}  // namespace

bool is_bus_event(const std::vector<JsonMember>& members) {
  bool type = false;
  bool debate = false;
  bool text_time = false;
  bool payload = false;
  for (const auto& member : members) {
    if (member.name == "event_type") {
      type = true;
    } else if (member.name == "debate_id") {
      debate = true;
    } else if (member.name == "timestamp") {
      text_time = member.kind == JsonKind::kString;
    } else if (member.name == "data" || member.name == "data_base64" || member.name == "id" ||
               member.name == "source") {
      return false;
    } else {
      payload = payload || !is_tracing(member.name);
    }
  }
  return type && debate && text_time && payload;
}

void decode_bus_payload(const std::vector<JsonMember>& members, EventDraft& draft) {
  std::string data = "{";
  const auto append = [&data](std::string_view name, std::string_view json) {
    if (data.size() > 1) {
      data += ',';
    }
    append_json_string(data, name);
    data += ':';
    data += json;
  };
  draft.attributes.clear();
  for (const auto& member : members) {
    if (is_tracing(member.name)) {
      draft.attributes.push_back({member.name, member.raw});
    } else if (!is_envelope(member.name)) {
      append(member.name, member.raw);
    }
  }
  for (const auto& member : members) {
    if (member.name == "debate_id") {
      append(member.name, member.raw);
    }
  }
  data += '}';
  draft.data = draft.own(std::move(data));
}

}  // namespace aev::ingest
