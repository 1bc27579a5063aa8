#include "envelope.h"

#include <algorithm>
#include <cstdio>

namespace aev::websocket {
namespace {

/// Members that the envelope itself writes.
constexpr std::string_view kMembers[] = {"type",           "data",      "timestamp", "round",
                                         "agent",          "seq",       "agent_seq", "loop_id",
                                         "correlation_id", "trace_id",  "span_id",   "id",
                                         "replay",         "debate_id", "task_id"};

void append_attribute(std::string& out,
                      const sdk::Event& event,
                      std::string_view name,
                      std::string_view otherwise) {
  const std::string_view value = event.attribute(name);
  if (value.empty() && otherwise.empty()) {
    return;
  }
  out += ",\"";
  out += name;
  out += "\":";
  out += value.empty() ? otherwise : value;
}

void append_data(std::string& out, const sdk::Event& event) {
  if (event.data().empty()) {
    out += ",\"data\":{}";
  } else if (sdk::is_json_media_type(event.content_type())) {
    out += ",\"data\":";
    out += event.data();
  } else {
    if (sdk::detail::is_utf8(event.data())) {
      out += ",\"data\":";
      sdk::append_json_string(out, event.data());
    } else {
      out += ",\"data\":{},\"data_base64\":\"";
      sdk::detail::append_base64(out, event.data());
      out += '"';
    }
    out += ",\"content_type\":";
    sdk::append_json_string(out, event.content_type());
  }
}

}  // namespace

void append_envelope(std::string& out, const sdk::Event& event, bool replay) {
  out.reserve(out.size() + event.data().size() + 320);
  out += "{\"type\":";
  sdk::append_json_string(out, event.event_type());
  append_data(out, event);
  char number[48];
  const std::int64_t micros = event.time_unix_ns() / 1000;
  int length =
      std::snprintf(number, sizeof number, ",\"timestamp\":%s%lld.%06lld", micros < 0 ? "-" : "",
                    std::abs(static_cast<long long>(micros / 1'000'000)),
                    std::abs(static_cast<long long>(micros % 1'000'000)));
  out.append(number, static_cast<std::size_t>(length));
  append_attribute(out, event, "round", "0");
  append_attribute(out, event, "agent", "\"\"");
  length = std::snprintf(number, sizeof number, ",\"seq\":%llu",
                         static_cast<unsigned long long>(event.seq()));
  out.append(number, static_cast<std::size_t>(length));
  append_attribute(out, event, "agent_seq", "0");
  if (!event.debate_id().empty()) {
    out += ",\"loop_id\":";
    sdk::append_json_string(out, event.debate_id());
  }
  for (const char* name : {"task_id", "correlation_id", "trace_id", "span_id"}) {
    append_attribute(out, event, name, {});
  }
  out += ",\"id\":";
  sdk::append_json_string(out, event.id());
  for (std::uint32_t i = 0; i < event.attribute_count(); ++i) {
    const sdk::Attribute attribute = event.attribute(i);
    if (attribute.name == "seq") {
      out += ",\"emitter_seq\":";
      out += attribute.value;
    } else if (std::find(std::begin(kMembers), std::end(kMembers), attribute.name) ==
               std::end(kMembers)) {
      out += ',';
      sdk::append_json_string(out, attribute.name);
      out += ':';
      out += attribute.value;
    }
  }
  out += replay ? ",\"replay\":true}" : "}";
}

FrameRef make_event_frame(const sdk::Event& event, bool replay) {
  auto frame = std::make_shared<Frame>();
  append_envelope(frame->text, event, replay);
  frame->event_type = event.event_type();
  frame->seq = event.seq();
  frame->events = 1;
  frame->replay = replay;
  return frame;
}

}  // namespace aev::websocket
