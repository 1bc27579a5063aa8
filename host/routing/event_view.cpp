#include "routing/event_view.h"

#include "core/clock.h"
#include "core/json_text.h"
#include "events/canonical_json.h"

namespace aev::routing {
namespace {

namespace dom = simdjson::dom;

/// A thread's parsers keep their buffers from event to event. Attributes have one of their own
/// because `data` stays in use meanwhile.
struct Parsers {
  dom::parser data;
  dom::parser attribute;
};

Parsers& parsers() {
  thread_local Parsers own;
  return own;
}

FieldValue text_field(std::string_view text) {
  FieldValue out;
  out.kind = FieldValue::Kind::kLeaf;
  out.leaf.type = Leaf::Type::kString;
  out.leaf.text = text;
  return out;
}

FieldValue text_unless_empty(std::string_view text) {
  return text.empty() ? FieldValue() : text_field(text);
}

FieldValue json_field(dom::parser& parser, std::string_view json) {
  FieldValue out;
  if (parser.parse(json.data(), json.size()).get(out.json) == simdjson::SUCCESS) {
    out.kind = FieldValue::Kind::kJson;
  }
  return out;
}

}  // namespace

FieldValue EventView::field(std::string_view name) {
  if (name == "event_type") {
    return text_field(event_.event_type());
  }
  if (name == "data") {
    return data();
  }
  if (name == "debate_id") {
    return text_unless_empty(event_.debate_id());
  }
  if (name == "source") {
    return text_unless_empty(event_.source());
  }
  if (name == "id") {
    return text_field(event_.id());
  }
  if (name == "timestamp") {
    timestamp_ = format_rfc3339(event_.time_unix_ns());
    return text_field(timestamp_);
  }
  if (name == "content_type" && !events::is_json_media_type(event_.content_type())) {
    return text_unless_empty(event_.content_type());
  }
  if (name == "data_base64" && !events::is_json_media_type(event_.content_type()) &&
      !is_utf8(event_.data())) {
    return data_base64();
  }
  return attribute(name);
}

FieldValue EventView::data() {
  if (!data_) {
    data_ = parse_data();
  }
  return *data_;
}

FieldValue EventView::parse_data() const {
  const std::string_view bytes = event_.data();
  if (bytes.empty()) {
    return attribute("data");
  }
  if (events::is_json_media_type(event_.content_type())) {
    return json_field(parsers().data, bytes);
  }
  return is_utf8(bytes) ? text_field(bytes) : attribute("data");
}

FieldValue EventView::data_base64() {
  // Rare enough to take it from the canonical form, which knows how it is written.
  if (base64_.empty()) {
    std::string canonical;
    events::append_canonical_json(canonical, event_);
    dom::parser parser;
    std::string_view text;
    if (parser.parse(canonical).at_key("data_base64").get(text) == simdjson::SUCCESS) {
      base64_ = text;
    }
  }
  return text_field(base64_);
}

FieldValue EventView::attribute(std::string_view name) const {
  const std::string_view json = event_.attribute(name);
  if (json.size() >= 2 && json.front() == '"' && json.back() == '"' &&
      json.find('\\') == std::string_view::npos) {
    return text_field(json.substr(1, json.size() - 2));
  }
  return json.empty() ? FieldValue() : json_field(parsers().attribute, json);
}

}  // namespace aev::routing
