#include "request_body.h"

#include <algorithm>
#include <cstdio>

namespace aev::webhook {
namespace {

void append_data(std::string& out, const sdk::Event& event, std::string_view name) {
  if (event.data().empty()) {
    out += name;
    out += "null";
  } else if (sdk::is_json_media_type(event.content_type())) {
    out += name;
    out += event.data();
  } else {
    out += name;
    sdk::append_json_string(out, event.data());
  }
}

/// `{"event", "delivery_id", "timestamp", "data"}`: Aragora's dispatcher (wire facts, section 3A).
void append_aragora(std::string& out, const sdk::Event& event, std::string_view delivery_id) {
  out += "{\"event\":";
  sdk::append_json_string(out, event.event_type());
  out += ",\"delivery_id\":";
  sdk::append_json_string(out, delivery_id);
  char seconds[40];
  const int length = std::snprintf(seconds, sizeof(seconds), ",\"timestamp\":%lld.%06lld",
                                   static_cast<long long>(event.time_unix_ns() / 1'000'000'000),
                                   static_cast<long long>(event.time_unix_ns() / 1000 % 1'000'000));
  out.append(seconds, static_cast<std::size_t>(length));
  append_data(out, event, ",\"data\":");
  out += '}';
}

/// CloudEvents 1.0, JSON format.
void append_cloudevent(std::string& out, const sdk::Event& event) {
  out += "{\"specversion\":\"1.0\",\"id\":";
  sdk::append_json_string(out, event.id());
  out += ",\"source\":";
  sdk::append_json_string(out, event.source().empty() ? kDefaultSource : event.source());
  out += ",\"type\":";
  sdk::append_json_string(out, event.event_type());
  if (!event.debate_id().empty()) {
    out += ",\"subject\":";
    sdk::append_json_string(out, event.debate_id());
  }
  out += ",\"time\":\"";
  sdk::append_rfc3339(out, event.time_unix_ns());
  out += '"';
  for (std::uint32_t i = 0; i < event.attribute_count(); ++i) {
    const sdk::Attribute attribute = event.attribute(i);
    const bool scalar = !attribute.value.starts_with('{') && !attribute.value.starts_with('[');
    if (is_cloudevents_name(attribute.name) && scalar && attribute.value != "null") {
      out += ",\"";
      out += attribute.name;
      out += "\":";
      out += attribute.value;
    }
  }
  if (!event.data().empty()) {
    out += ",\"datacontenttype\":";
    sdk::append_json_string(out, event.content_type());
    if (sdk::is_json_media_type(event.content_type())) {
      out += ",\"data\":";
      out += event.data();
    } else {
      out += ",\"data_base64\":\"";
      sdk::detail::append_base64(out, event.data());
      out += '"';
    }
  }
  out += '}';
}

}  // namespace

bool is_cloudevents_name(std::string_view name) {
  constexpr std::string_view kTaken[] = {"id",      "source", "specversion", "type",
                                         "subject", "time",   "data",        "datacontenttype"};
  const bool plain = std::all_of(name.begin(), name.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9');
  });
  return plain && !name.empty() &&
         std::find(std::begin(kTaken), std::end(kTaken), name) == std::end(kTaken);
}

void append_body(std::string& out,
                 const Options& options,
                 const RequestEvents& events,
                 std::string_view delivery_id) {
  if (options.binary && !events.array) {
    out += events.batch[events.first].data();
    return;
  }
  if (events.array) {
    out += '[';
  }
  for (std::uint32_t i = events.first; i < events.first + events.count; ++i) {
    if (i != events.first) {
      out += ',';
    }
    const sdk::Event event = events.batch[i];
    switch (options.format) {
      case BodyFormat::kEvent:
        sdk::append_canonical_json(out, event);
        break;
      case BodyFormat::kAragora:
        append_aragora(out, event, delivery_id);
        break;
      case BodyFormat::kCloudEvents:
        append_cloudevent(out, event);
        break;
    }
  }
  if (events.array) {
    out += ']';
  }
}

std::string_view body_content_type(const Options& options, const RequestEvents& events) {
  if (options.format != BodyFormat::kCloudEvents) {
    return "application/json";
  }
  if (events.array) {
    return "application/cloudevents-batch+json";
  }
  return options.binary ? events.batch[events.first].content_type()
                        : std::string_view("application/cloudevents+json");
}

}  // namespace aev::webhook
