#include "server_message.h"

#include <aev/plugin.hpp>

namespace aev::websocket {
namespace {

void append_name(std::string& out, std::string_view name) {
  if (!out.empty() && out.back() != '{') {
    out += ',';
  }
  out += '"';
  out += name;
  out += "\":";
}

}  // namespace

void append_text_member(std::string& out, std::string_view name, std::string_view text) {
  append_name(out, name);
  sdk::append_json_string(out, text);
}

void append_json_member(std::string& out, std::string_view name, std::string_view json) {
  append_name(out, name);
  out += json;
}

FrameRef make_message(std::string_view type,
                      std::string_view data_json,
                      std::string_view debate_id) {
  auto frame = std::make_shared<Frame>();
  frame->text = "{";
  append_text_member(frame->text, "type", type);
  append_json_member(frame->text, "data", data_json);
  if (!debate_id.empty()) {
    append_text_member(frame->text, "debate_id", debate_id);
  }
  frame->text += '}';
  return frame;
}

FrameRef make_error(int code, std::string_view message, std::string_view error_type) {
  std::string data = "{";
  append_text_member(data, "message", message);
  append_json_member(data, "code", std::to_string(code));
  if (!error_type.empty()) {
    append_text_member(data, "error_type", error_type);
  }
  data += '}';
  return make_message("error", data);
}

FrameRef make_array(std::span<const FrameRef> frames) {
  std::size_t bytes = 2;
  for (const FrameRef& frame : frames) {
    bytes += frame->text.size() + 1;
  }
  auto made = std::make_shared<Frame>();
  made->text.reserve(bytes);
  made->text += '[';
  for (const FrameRef& frame : frames) {
    if (made->text.size() > 1) {
      made->text += ',';
    }
    made->text += frame->text;
    made->seq = frame->seq;
  }
  made->text += ']';
  made->events = static_cast<std::uint32_t>(frames.size());
  return made;
}

}  // namespace aev::websocket
