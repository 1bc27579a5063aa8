#include "dead_letter_record.h"

#include <string_view>

#include <simdjson.h>

#include <aev/plugin.hpp>

#include "incoming_message.h"

namespace aev::kafka {
namespace {

bool is_json(std::string_view text) {
  simdjson::dom::parser parser;
  simdjson::dom::element root;
  return !text.empty() && parser.parse(text.data(), text.size()).get(root) == simdjson::SUCCESS;
}

void append_bytes(std::string& out, std::string_view name, const void* bytes, std::size_t size) {
  const std::string_view text(static_cast<const char*>(bytes), bytes == nullptr ? 0 : size);
  out.append(",\"").append(name);
  if (bytes == nullptr) {
    out += "\":null";
  } else if (simdjson::validate_utf8(text.data(), text.size())) {
    out += "\":";
    sdk::append_json_string(out, text);
  } else {
    out += "_base64\":\"";
    sdk::detail::append_base64(out, text);
    out += '"';
  }
}

}  // namespace

std::string dead_letter_json(const rd_kafka_message_t& message,
                             const DeadLetterReason& reason,
                             bool with_value) {
  std::string out = "{\"original_topic\":";
  sdk::append_json_string(out, rd_kafka_topic_name(message.rkt));
  out += ",\"original_partition\":" + std::to_string(message.partition);
  out += ",\"original_offset\":" + std::to_string(message.offset);
  append_bytes(out, "original_key", message.key, message.key_len);
  const std::string_view value(static_cast<const char*>(message.payload),
                               message.payload == nullptr ? 0 : message.len);
  if (with_value && is_json(value)) {
    out.append(",\"original_value\":").append(value);
  } else if (with_value) {
    append_bytes(out, "original_value", message.payload, message.len);
  }
  out += ",\"original_headers\":{";
  bool first = true;
  for (const auto& [name, text] : headers_of(message)) {
    out += first ? "" : ",";
    first = false;
    sdk::append_json_string(out, name);
    out += ':';
    sdk::append_json_string(out, text);
  }
  out +=
      "},\"original_timestamp\":" + std::to_string(rd_kafka_message_timestamp(&message, nullptr));
  out += ",\"error_message\":";
  sdk::append_json_string(out, reason.text);
  out += ",\"error_type\":";
  sdk::append_json_string(out, reason.type);
  out += ",\"retry_count\":0,\"failed_at\":\"";
  sdk::append_rfc3339(out, reason.failed_at_unix_ns);
  out += "\"}";
  return out;
}

}  // namespace aev::kafka
