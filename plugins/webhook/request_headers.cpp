#include "request_headers.h"

#include <algorithm>

#include <curl/curl.h>

namespace aev::webhook {
namespace {

class HeaderList {
 public:
  void add(std::string_view name, std::string_view value) {
    line_.assign(name);
    line_ += ": ";
    line_ += value;
    curl_slist* const longer = curl_slist_append(list_, line_.c_str());
    list_ = longer == nullptr ? list_ : longer;
  }

  [[nodiscard]] curl_slist* release() { return list_; }

 private:
  std::string line_;
  curl_slist* list_ = nullptr;
};

/// Text of a JSON string that needs no unescaping and fits a header line; empty otherwise.
std::string_view plain_text(std::string_view json) {
  if (json.size() < 2 || json.front() != '"') {
    return {};
  }
  const std::string_view text = json.substr(1, json.size() - 2);
  const bool printable = std::all_of(text.begin(), text.end(),
                                     [](char c) { return c > 0x20 && c < 0x7f && c != '\\'; });
  return printable ? text : std::string_view();
}

void add_cloudevents(HeaderList& list, const sdk::Event& event) {
  list.add("ce-specversion", "1.0");
  list.add("ce-id", encode_header_value(event.id()));
  list.add("ce-source",
           encode_header_value(event.source().empty() ? kDefaultSource : event.source()));
  list.add("ce-type", encode_header_value(event.event_type()));
  if (!event.debate_id().empty()) {
    list.add("ce-subject", encode_header_value(event.debate_id()));
  }
  std::string time;
  sdk::append_rfc3339(time, event.time_unix_ns());
  list.add("ce-time", time);
  for (std::uint32_t i = 0; i < event.attribute_count(); ++i) {
    const sdk::Attribute attribute = event.attribute(i);
    if (const auto text = plain_text(attribute.value);
        !text.empty() && is_cloudevents_name(attribute.name)) {
      list.add("ce-" + std::string(attribute.name), encode_header_value(text));
    }
  }
}

/// A value that cannot stand in a header line is left out rather than sent broken.
bool fits_header(std::string_view text) {
  return !text.empty() && std::all_of(text.begin(), text.end(), [](char c) {
    return static_cast<unsigned char>(c) >= 0x20 && c != 0x7f;
  });
}

}  // namespace

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

curl_slist* make_headers(const Options& options,
                         const RequestEvents& events,
                         std::string_view body,
                         std::string_view delivery_id,
                         std::int64_t timestamp) {
  HeaderList list;
  list.add("Expect", "");  // libcurl would wait a second for 100-continue with large bodies
  list.add("Content-Type", body_content_type(options, events));
  bool aragora = options.format == BodyFormat::kAragora;
  bool stamped = false;
  for (const std::string& scheme : options.signatures) {
    for (const Header& header :
         signature_headers(scheme, options.secrets, delivery_id, timestamp, body)) {
      list.add(header.first, header.second);
    }
    aragora = aragora || scheme != "standard";
    stamped = stamped || scheme != "standard";
  }
  const sdk::Event first = events.batch[events.first];
  if (aragora) {
    list.add("X-Aragora-Event", encode_header_value(first.event_type()));
    list.add("X-Aragora-Delivery", delivery_id);
    if (!stamped) {
      list.add("X-Aragora-Timestamp", std::to_string(timestamp));
    }
    if (const auto id = plain_text(first.attribute("correlation_id")); !id.empty()) {
      list.add("X-Aragora-Correlation-ID", id);
    }
  }
  if (first.is_replay()) {
    list.add("X-Aragora-Replay", "true");
  }
  if (options.binary && !events.array) {
    add_cloudevents(list, first);
  }
  if (!events.array) {
    for (const char* name : {"traceparent", "tracestate"}) {
      if (const auto value = plain_text(first.attribute(std::string_view(name))); !value.empty()) {
        list.add(name, value);
      }
    }
  }
  if (!options.bearer.empty() && fits_header(options.bearer)) {
    list.add("Authorization", "Bearer " + options.bearer);
  }
  for (const auto& [name, value] : options.headers) {
    list.add(name, value);
  }
  return list.release();
}

}  // namespace aev::webhook
