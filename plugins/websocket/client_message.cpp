#include "client_message.h"

#include <simdjson.h>

#include "event_filter.h"
#include "upgrade_request.h"

namespace aev::websocket {
namespace {

namespace dom = simdjson::dom;

constexpr std::size_t kMaxDepth = 20;

MessageType type_of(std::string_view name) {
  return name == "subscribe"            ? MessageType::kSubscribe
         : name == "unsubscribe"        ? MessageType::kUnsubscribe
         : name == "get_loops"          ? MessageType::kGetLoops
         : name == "ping"               ? MessageType::kPing
         : name == "connection_quality" ? MessageType::kConnectionQuality
                                        : MessageType::kOther;
}

/// A member of the message, or of its `data`. False if it is nowhere, or null.
bool find(const dom::object& message, std::string_view name, dom::element& out) {
  if (message[name].get(out) == simdjson::SUCCESS) {
    return !out.is_null();
  }
  dom::object data;
  return message["data"].get(data) == simdjson::SUCCESS &&
         data[name].get(out) == simdjson::SUCCESS && !out.is_null();
}

bool take_debate(const dom::object& object, ClientMessage& message, std::string& fault) {
  for (const char* name : {"debate_id", "loop_id"}) {
    dom::element value;
    if (!find(object, name, value)) {
      continue;
    }
    std::string_view id;
    if (value.get(id) != simdjson::SUCCESS || !is_debate_id(id)) {
      fault = std::string(name) + ": expected a string of 1 to 256 bytes";
      return false;
    }
    message.debate_id = id;
    return true;
  }
  fault = "subscribe needs a debate_id (or loop_id)";
  return false;
}

bool take_event_types(const dom::element& value, ClientMessage& message) {
  std::string_view text;
  if (value.get(text) == simdjson::SUCCESS) {
    message.event_types = split_patterns(text);
    return true;
  }
  dom::array list;
  if (value.get(list) != simdjson::SUCCESS) {
    return false;
  }
  std::vector<std::string> patterns;
  for (const dom::element each : list) {
    if (each.get(text) != simdjson::SUCCESS) {
      return false;
    }
    patterns.emplace_back(text);
  }
  message.event_types = std::move(patterns);
  return true;
}

bool take_subscription(const dom::object& object, ClientMessage& message, std::string& fault) {
  if (!take_debate(object, message, fault)) {
    return false;
  }
  dom::element value;
  if (find(object, "replay_from_seq", value)) {
    std::uint64_t seq = 0;
    if (value.get(seq) != simdjson::SUCCESS) {
      fault = "replay_from_seq: expected a sequence number, 0 or more";
      return false;
    }
    message.replay_from = seq;
  }
  if (find(object, "event_types", value) && !take_event_types(value, message)) {
    fault = "event_types: expected an array of strings";
    return false;
  }
  if (find(object, "format", value)) {
    std::string_view format;
    if (value.get(format) != simdjson::SUCCESS || (format != "single" && format != "array")) {
      fault = "format: expected \"single\" or \"array\"";
      return false;
    }
    message.format = format == "array" ? FrameFormat::kArray : FrameFormat::kSingle;
  }
  bool sync = false;
  if (find(object, "sync", value) && value.get(sync) == simdjson::SUCCESS) {
    message.sync = sync;
  }
  return true;
}

}  // namespace

std::optional<ClientMessage> parse_client_message(std::string_view text,
                                                  std::string& fault,
                                                  bool& invalid_json) {
  invalid_json = true;
  dom::parser parser;
  // Room for short texts too, which simdjson would otherwise refuse as deeper than its tape.
  if (parser.allocate(text.size() + simdjson::SIMDJSON_PADDING, kMaxDepth) != simdjson::SUCCESS) {
    fault = "the message cannot be parsed";
    return std::nullopt;
  }
  dom::element root;
  if (const auto error = parser.parse(text.data(), text.size(), true).get(root)) {
    fault = error == simdjson::DEPTH_ERROR
                ? "the message is nested deeper than 20"
                : std::string("the message is not JSON: ") + simdjson::error_message(error);
    return std::nullopt;
  }
  invalid_json = false;
  dom::object object;
  std::string_view type;
  if (root.get(object) != simdjson::SUCCESS || object["type"].get(type) != simdjson::SUCCESS) {
    fault = "a message is an object with a string `type`";
    return std::nullopt;
  }
  ClientMessage message;
  message.type = type_of(type);
  message.name = type;
  if (message.type == MessageType::kSubscribe && !take_subscription(object, message, fault)) {
    return std::nullopt;
  }
  dom::element ts;
  if (message.type == MessageType::kPing && find(object, "ts", ts) && ts.is_number()) {
    message.ts = simdjson::minify(ts);
  }
  return message;
}

}  // namespace aev::websocket
