#include "message_record.h"

#include <algorithm>
#include <array>

namespace aev::kafka {
namespace {

/// CloudEvents needs a source; this one stands for events that came without.
constexpr std::string_view kDefaultSource = "/aragora-events";

/// A CloudEvents attribute name that is an extension's: lower-case letters and digits only.
bool is_extension_name(std::string_view name) {
  constexpr std::string_view kTaken[] = {"id",      "source", "specversion", "type",
                                         "subject", "time",   "data",        "datacontenttype"};
  return !name.empty() && std::all_of(name.begin(), name.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9');
  }) && std::find(std::begin(kTaken), std::end(kTaken), name) == std::end(kTaken);
}

bool is_scalar(std::string_view json) {
  return !json.empty() && json.front() != '{' && json.front() != '[' && json != "null";
}

std::string_view source_of(const sdk::Event& event) {
  return event.source().empty() ? kDefaultSource : event.source();
}

void append_structured(std::string& out, const sdk::Event& event) {
  const auto text_member = [&](std::string_view name, std::string_view value) {
    out += name;
    sdk::append_json_string(out, value);
  };
  text_member("{\"specversion\":\"1.0\",\"id\":", event.id());
  text_member(",\"source\":", source_of(event));
  text_member(",\"type\":", event.event_type());
  if (!event.debate_id().empty()) {
    text_member(",\"subject\":", event.debate_id());
  }
  out += ",\"time\":\"";
  sdk::append_rfc3339(out, event.time_unix_ns());
  out += '"';
  for (std::uint32_t i = 0; i < event.attribute_count(); ++i) {
    const sdk::Attribute attribute = event.attribute(i);
    if (is_extension_name(attribute.name) && is_scalar(attribute.value)) {
      out.append(",\"").append(attribute.name).append("\":").append(attribute.value);
    }
  }
  if (!event.data().empty()) {
    text_member(",\"datacontenttype\":", event.content_type());
    if (sdk::is_json_media_type(event.content_type())) {
      out.append(",\"data\":").append(event.data());
    } else {
      out += ",\"data_base64\":\"";
      sdk::detail::append_base64(out, event.data());
      out += '"';
    }
  }
  out += '}';
}

/// The text of a JSON scalar as a header has it: a string without quotes and escapes, other values
/// as they are written. Empty if the string has escapes that only a JSON parser could resolve.
std::string_view plain_text(std::string_view json) {
  if (json.size() >= 2 && json.front() == '"') {
    json = json.substr(1, json.size() - 2);
    return json.find('\\') == std::string_view::npos ? json : std::string_view();
  }
  return json;
}

class HeaderList {
 public:
  explicit HeaderList(std::size_t expected) : headers_(rd_kafka_headers_new(expected)) {}

  void add(std::string_view name, std::string_view value) {
    rd_kafka_header_add(headers_.get(), name.data(), static_cast<ssize_t>(name.size()),
                        value.data(), static_cast<ssize_t>(value.size()));
  }

  [[nodiscard]] HeadersPtr take() { return std::move(headers_); }

 private:
  HeadersPtr headers_;
};

void add_cloudevents(HeaderList& list, const sdk::Event& event) {
  list.add("ce_specversion", "1.0");
  list.add("ce_id", event.id());
  list.add("ce_source", source_of(event));
  list.add("ce_type", event.event_type());
  if (!event.debate_id().empty()) {
    list.add("ce_subject", event.debate_id());
  }
  std::string time;
  sdk::append_rfc3339(time, event.time_unix_ns());
  list.add("ce_time", time);
  std::string name;
  for (std::uint32_t i = 0; i < event.attribute_count(); ++i) {
    const sdk::Attribute attribute = event.attribute(i);
    if (!is_extension_name(attribute.name) || !is_scalar(attribute.value)) {
      continue;
    }
    if (const auto text = plain_text(attribute.value); !text.empty()) {
      name.assign("ce_").append(attribute.name);
      list.add(name, text);
    }
  }
}

}  // namespace

void append_value(std::string& out, MessageFormat format, const sdk::Event& event) {
  switch (format) {
    case MessageFormat::kEvent:
      sdk::append_canonical_json(out, event);
      break;
    case MessageFormat::kCloudEventsStructured:
      append_structured(out, event);
      break;
    case MessageFormat::kCloudEventsBinary:
      break;
  }
}

HeadersPtr make_headers(const PublishOptions& options, const sdk::Event& event) {
  HeaderList list(8 + options.headers.size());
  switch (options.format) {
    case MessageFormat::kEvent:
      list.add("content-type", "application/json");
      break;
    case MessageFormat::kCloudEventsStructured:
      list.add("content-type", "application/cloudevents+json");
      break;
    case MessageFormat::kCloudEventsBinary:
      list.add("content-type", event.content_type());
      add_cloudevents(list, event);
      break;
  }
  if (event.is_replay()) {
    list.add("aragora_replay", "true");
  }
  for (const auto& [name, value] : options.headers) {
    list.add(name, value);
  }
  return list.take();
}

}  // namespace aev::kafka
