#include "event_field.h"

#include <array>
#include <stdexcept>
#include <utility>

#include <simdjson.h>

namespace aev::kafka {
namespace {

/// `a.b.0` as the JSON Pointer `/a/b/0`.
std::string to_pointer(std::string_view dotted) {
  std::string pointer = "/";
  for (const char each : dotted) {
    if (each == '.') {
      pointer += '/';
    } else if (each == '~') {
      pointer += "~0";
    } else if (each == '/') {
      pointer += "~1";
    } else {
      pointer += each;
    }
  }
  return pointer;
}

bool has_empty_step(std::string_view dotted) {
  return dotted.empty() || dotted.front() == '.' || dotted.back() == '.' ||
         dotted.find("..") != std::string_view::npos;
}

}  // namespace

EventField parse_event_field(std::string_view written) {
  using Part = EventField::Part;
  constexpr std::array<std::pair<std::string_view, Part>, 4> kPlain{
      {{"id", Part::kId},
       {"event_type", Part::kEventType},
       {"debate_id", Part::kDebateId},
       {"source", Part::kSource}}};
  for (const auto& [name, part] : kPlain) {
    if (written == name) {
      return {part, {}};
    }
  }
  constexpr std::string_view kData = "data.";
  constexpr std::string_view kAttributes = "attributes.";
  if (written.starts_with(kData) && !has_empty_step(written.substr(kData.size()))) {
    return {Part::kData, to_pointer(written.substr(kData.size()))};
  }
  if (written.starts_with(kAttributes) && written.size() > kAttributes.size()) {
    return {Part::kAttribute, std::string(written.substr(kAttributes.size()))};
  }
  throw std::invalid_argument(
      "'" + std::string(written) +
      "' is no field of an event: there are id, event_type, debate_id, source, data.path.to.value "
      "and attributes.name");
}

struct FieldReader::Parser {
  simdjson::dom::parser parser;
  simdjson::dom::element root;
  const char* parsed = nullptr;  // what root is of; null: nothing
  bool valid = false;
};

FieldReader::FieldReader() : parser_(std::make_unique<Parser>()) {}

FieldReader::~FieldReader() = default;

void FieldReader::next_event() {
  parser_->parsed = nullptr;
}

std::string_view FieldReader::scalar(std::string_view json, const std::string& pointer) {
  if (json.empty()) {
    return {};
  }
  Parser& parser = *parser_;
  if (parser.parsed != json.data()) {
    parser.parsed = json.data();
    parser.valid =
        parser.parser.parse(json.data(), json.size()).get(parser.root) == simdjson::SUCCESS;
  }
  simdjson::dom::element value;
  if (!parser.valid || parser.root.at_pointer(pointer).get(value) != simdjson::SUCCESS) {
    return {};
  }
  switch (value.type()) {
    case simdjson::dom::element_type::STRING:
      return value.get_string().value_unsafe();
    case simdjson::dom::element_type::INT64:
    case simdjson::dom::element_type::UINT64:
    case simdjson::dom::element_type::DOUBLE:
    case simdjson::dom::element_type::BOOL:
      text_ = simdjson::minify(value);
      return text_;
    default:
      return {};
  }
}

std::string_view FieldReader::read(const EventField& field, const sdk::Event& event) {
  switch (field.part) {
    case EventField::Part::kId:
      return event.id();
    case EventField::Part::kEventType:
      return event.event_type();
    case EventField::Part::kDebateId:
      return event.debate_id();
    case EventField::Part::kSource:
      return event.source();
    case EventField::Part::kData:
      return sdk::is_json_media_type(event.content_type()) ? scalar(event.data(), field.path)
                                                           : std::string_view();
    case EventField::Part::kAttribute: {
      const std::string_view json = event.attribute(std::string_view(field.path));
      parser_->parsed = nullptr;  // the next value of the data parses it again
      std::string_view text = json.empty() ? json : scalar(json, std::string());
      parser_->parsed = nullptr;
      return text;
    }
  }
  return {};
}

}  // namespace aev::kafka
