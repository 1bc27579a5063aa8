#include "incoming_message.h"

#include <algorithm>

#include <simdjson.h>

#include "message_id.h"

namespace aev::kafka {
namespace {

std::string lower(std::string_view text) {
  std::string out(text);
  std::transform(out.begin(), out.end(), out.begin(),
                 [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; });
  return out;
}

/// As CloudEvents' HTTP binding writes header values, which emit_body() reads; in Kafka they are
/// plain UTF-8.
std::string encode_header_value(std::string_view text) {
  constexpr char kHex[] = "0123456789ABCDEF";
  std::string encoded;
  for (const char each : text) {
    const auto byte = static_cast<unsigned char>(each);
    if (byte <= 0x20 || byte >= 0x7f || each == '"' || each == '%') {
      encoded += '%';
      encoded += kHex[byte >> 4];
      encoded += kHex[byte & 15];
    } else {
      encoded += each;
    }
  }
  return encoded;
}

std::string guess_data_type(std::string_view value) {
  simdjson::dom::parser parser;
  simdjson::dom::element root;
  if (!value.empty() && parser.parse(value.data(), value.size()).get(root) == simdjson::SUCCESS) {
    return "application/json";
  }
  return simdjson::validate_utf8(value.data(), value.size()) ? "text/plain; charset=utf-8"
                                                             : "application/octet-stream";
}

}  // namespace

MessageHeaders headers_of(const rd_kafka_message_t& message) {
  MessageHeaders all;
  rd_kafka_headers_t* headers = nullptr;
  if (rd_kafka_message_headers(&message, &headers) != RD_KAFKA_RESP_ERR_NO_ERROR) {
    return all;
  }
  const char* name = nullptr;
  const void* value = nullptr;
  std::size_t size = 0;
  for (std::size_t i = 0;
       rd_kafka_header_get_all(headers, i, &name, &value, &size) == RD_KAFKA_RESP_ERR_NO_ERROR;
       ++i) {
    all.emplace_back(name, value == nullptr
                               ? std::string_view()
                               : std::string_view(static_cast<const char*>(value), size));
  }
  return all;
}

void read_message(const rd_kafka_message_t& message, SourceFormat format, IncomingMessage& out) {
  out = {};
  for (const auto& [name, value] : headers_of(message)) {
    const std::string plain = lower(name);
    if (plain == "content-type") {
      out.content_type = value;
    } else if (plain.starts_with("ce_")) {
      out.headers.emplace_back("ce-" + plain.substr(3), encode_header_value(value));
    }
  }
  out.body = {static_cast<const char*>(message.payload),
              message.payload == nullptr ? 0 : message.len};
  out.id = message_id(rd_kafka_topic_name(message.rkt), message.partition, message.offset,
                      rd_kafka_message_timestamp(&message, nullptr));
  if (message.payload == nullptr && out.headers.empty()) {
    out.kind = IncomingMessage::Kind::kTombstone;
    return;
  }
  if (!out.headers.empty()) {
    // A CloudEvent has an id by its own rules. Without a content type the data is JSON.
    out.content_type = out.content_type.empty() ? "application/json" : out.content_type;
    return;
  }
  if (format == SourceFormat::kData) {
    out.kind = IncomingMessage::Kind::kData;
    out.content_type = out.content_type.empty() ? guess_data_type(out.body) : out.content_type;
    return;
  }
  if (out.content_type.empty()) {
    out.content_type =
        format == SourceFormat::kCloudEvents ? "application/cloudevents+json" : "application/json";
  }
  const std::string type = lower(out.content_type);
  const bool ndjson = type.starts_with("application/x-ndjson");
  if (!out.body.empty() && (ndjson || type.starts_with("application/json"))) {
    out.own_body = with_message_id(out.body, out.id, ndjson);
    out.body = out.own_body;
  }
}

}  // namespace aev::kafka
