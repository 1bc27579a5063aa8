#include "routing/event_reader.h"

#include <algorithm>
#include <cstring>

#include <simdjson.h>

#include "core/clock.h"
#include "core/json_text.h"
#include "events/canonical_json.h"

namespace aev::routing {
namespace {

namespace ondemand = simdjson::ondemand;

/// Deeper than anything that ingest lets in.
constexpr int kMaxDepth = 512;
/// A thread does not keep larger buffers from event to event.
constexpr std::size_t kKeepBytes = 256 * 1024;

std::string_view trimmed(std::string_view token) {
  while (!token.empty() && static_cast<unsigned char>(token.back()) <= ' ') {
    token.remove_suffix(1);
  }
  return token;
}

/// Rare enough to take it from the canonical form, which knows how it is written.
std::string_view base64_of(std::string_view canonical) {
  constexpr std::string_view kMember = ",\"data_base64\":\"";  // nowhere else without a backslash
  const std::size_t at = canonical.find(kMember);
  if (at == std::string_view::npos) {
    return {};
  }
  canonical.remove_prefix(at + kMember.size());
  return canonical.substr(0, canonical.find('"'));
}

}  // namespace

/// Walks one JSON document. Its parser and its copy of the text keep their memory.
class EventReader::Json {
 public:
  /// Adds what is found below `node`; nothing if the text turns out not to be JSON.
  void read(const PathTable& paths, std::uint32_t node, std::string_view json, FlatEvent& flat) {
    // simdjson wants something to walk into: a text that is one scalar is put into a list.
    const std::size_t first = json.find_first_not_of(" \t\r\n");
    const bool lone = first != std::string_view::npos && json[first] != '{' && json[first] != '[';
    const std::size_t size = json.size() + (lone ? 2 : 0);
    reserve(size);
    char* const text = padded_.get();
    std::memcpy(text + (lone ? 1 : 0), json.data(), json.size());
    if (lone) {
      text[0] = '[';
      text[size - 1] = ']';
    }
    std::memset(text + size, 0, simdjson::SIMDJSON_PADDING);
    paths_ = &paths;
    flat_ = &flat;
    ondemand::document document;
    const simdjson::padded_string_view view(text, size, capacity_ + simdjson::SIMDJSON_PADDING);
    const std::uint32_t before = flat.count();
    if (parser_->iterate(view).get(document) != simdjson::SUCCESS ||
        !(lone ? scalar_in_list(document, node) : root(document, node)) ||
        document.current_location().error() != simdjson::OUT_OF_BOUNDS) {
      flat.forget_from(before);
    }
  }

 private:
  void reserve(std::size_t size) {
    if (capacity_ >= size && capacity_ <= kKeepBytes) {
      return;
    }
    capacity_ = std::max<std::size_t>(size, 4096);
    padded_ = std::make_unique<char[]>(capacity_ + simdjson::SIMDJSON_PADDING);
    parser_ = std::make_unique<ondemand::parser>();
  }

  bool root(ondemand::document& document, std::uint32_t node) {
    ondemand::value value;
    ondemand::json_type type{};
    return document.get_value().get(value) == simdjson::SUCCESS &&
           value.type().get(type) == simdjson::SUCCESS && walk(value, type, node, 0, 0);
  }

  bool scalar_in_list(ondemand::document& document, std::uint32_t node) {
    ondemand::array elements;
    if (document.get_array().get(elements) != simdjson::SUCCESS) {
      return false;
    }
    int count = 0;
    for (auto each : elements) {
      ondemand::value element;
      ondemand::json_type type{};
      if (std::move(each).get(element) != simdjson::SUCCESS || ++count > 1 ||
          element.type().get(type) != simdjson::SUCCESS || !walk(element, type, node, 0, 0)) {
        return false;
      }
    }
    return count == 1;
  }

  bool walk(ondemand::value& value,
            ondemand::json_type type,
            std::uint32_t node,
            std::uint32_t place,
            int depth) {
    if (type == ondemand::json_type::object) {
      return !paths_->has_children(node) || object(value, node, place, depth + 1);
    }
    if (type == ondemand::json_type::array) {
      return array(value, node, place, depth + 1);
    }
    return scalar(value, type, node, place);
  }

  bool object(ondemand::value& value, std::uint32_t node, std::uint32_t place, int depth) {
    ondemand::object members;
    if (depth > kMaxDepth || value.get_object().get(members) != simdjson::SUCCESS) {
      return false;
    }
    for (auto each : members) {
      ondemand::field field;
      if (std::move(each).get(field) != simdjson::SUCCESS) {
        return false;
      }
      std::string_view name;
      if (field.unescaped_key().get(name) != simdjson::SUCCESS) {
        continue;  // an escape without meaning: no pattern can name that
      }
      const std::uint32_t child = paths_->child(node, name);
      if (child == PathTable::kNone) {
        continue;
      }
      ondemand::json_type type{};
      if (field.value().type().get(type) != simdjson::SUCCESS ||
          !walk(field.value(), type, child, place, depth)) {
        return false;
      }
    }
    return true;
  }

  bool array(ondemand::value& value, std::uint32_t node, std::uint32_t place, int depth) {
    ondemand::array elements;
    if (depth > kMaxDepth || value.get_array().get(elements) != simdjson::SUCCESS) {
      return false;
    }
    const std::uint32_t array = flat_->next_array();
    for (auto each : elements) {
      ondemand::value element;
      ondemand::json_type type{};
      if (std::move(each).get(element) != simdjson::SUCCESS ||
          element.type().get(type) != simdjson::SUCCESS) {
        return false;
      }
      const bool nested = type == ondemand::json_type::object || type == ondemand::json_type::array;
      const std::uint32_t inner = nested ? flat_->open_place(place, array) : place;
      if (!walk(element, type, node, inner, depth)) {
        return false;
      }
      if (nested) {
        flat_->close_place(inner);
      }
    }
    return true;
  }

  template <typename Value>
  bool scalar(Value& value, ondemand::json_type type, std::uint32_t node, std::uint32_t place) {
    const PathId path = paths_->path_at(node);
    if (path == PathTable::kNone) {
      return true;
    }
    Leaf leaf;
    switch (type) {
      case ondemand::json_type::string: {
        const std::string_view token = value.raw_json_token();
        leaf.type = Leaf::Type::kString;
        // An escape without meaning, such as half a surrogate pair, leaves the text as spelled.
        if (value.get_string().get(leaf.text) != simdjson::SUCCESS) {
          leaf.text = trimmed(token);
          leaf.text = leaf.text.size() < 2 ? leaf.text : leaf.text.substr(1, leaf.text.size() - 2);
        }
        break;
      }
      case ondemand::json_type::number: {
        if (!parse_number(trimmed(value.raw_json_token()), leaf)) {
          return false;
        }
        break;
      }
      case ondemand::json_type::boolean: {
        bool truth = false;
        if (value.get_bool().get(truth) != simdjson::SUCCESS) {
          return false;
        }
        leaf.type = truth ? Leaf::Type::kTrue : Leaf::Type::kFalse;
        break;
      }
      default:
        if (!value.is_null()) {
          return false;
        }
        leaf.type = Leaf::Type::kNull;
    }
    flat_->add(path, leaf, place);
    return true;
  }

  std::unique_ptr<ondemand::parser> parser_;
  std::unique_ptr<char[]> padded_;
  std::size_t capacity_ = 0;
  const PathTable* paths_ = nullptr;
  FlatEvent* flat_ = nullptr;
};

EventReader::EventReader() : data_(std::make_unique<Json>()) {}

EventReader::~EventReader() = default;

void EventReader::add_text(const PathTable& paths, std::string_view name, std::string_view text) {
  const std::uint32_t node = paths.child(PathTable::kRoot, name);
  if (node != PathTable::kNone && paths.path_at(node) != PathTable::kNone) {
    Leaf leaf;
    leaf.type = Leaf::Type::kString;
    leaf.text = text;
    flat_.add(paths.path_at(node), leaf, 0);
  }
}

void EventReader::add_attribute(const PathTable& paths, const events::Attribute& attribute) {
  const std::uint32_t node = paths.child(PathTable::kRoot, attribute.name);
  if (node == PathTable::kNone) {
    return;
  }
  const std::string_view json = attribute.value;
  if (json.size() >= 2 && json.front() == '"' && json.find('\\') == std::string_view::npos) {
    add_text(paths, attribute.name, json.substr(1, json.size() - 2));
    return;
  }
  if (attributes_used_ == attributes_.size()) {
    attributes_.push_back(std::make_unique<Json>());
  }
  attributes_[attributes_used_++]->read(paths, node, json, flat_);
}

void EventReader::begin(const PathTable& paths, const events::Event& event) {
  flat_.reset(paths.size());
  attributes_used_ = 0;
  data_read_ = false;
  add_text(paths, "event_type", event.event_type());
  add_text(paths, "id", event.id());
  if (!event.debate_id().empty()) {
    add_text(paths, "debate_id", event.debate_id());
  }
  if (!event.source().empty()) {
    add_text(paths, "source", event.source());
  }
  if (paths.child(PathTable::kRoot, "timestamp") != PathTable::kNone) {
    timestamp_ = format_rfc3339(event.time_unix_ns());
    add_text(paths, "timestamp", timestamp_);
  }
  if (!events::is_json_media_type(event.content_type())) {
    if (!event.content_type().empty()) {
      add_text(paths, "content_type", event.content_type());
    }
    if (!event.data().empty() && is_utf8(event.data())) {
      add_text(paths, "data", event.data());
    } else if (paths.child(PathTable::kRoot, "data_base64") != PathTable::kNone &&
               !event.data().empty()) {
      canonical_.clear();
      events::append_canonical_json(canonical_, event);
      add_text(paths, "data_base64", base64_of(canonical_));
    }
  }
  for (const events::Attribute& attribute : event.attributes()) {
    add_attribute(paths, attribute);
  }
}

void EventReader::read_data(const PathTable& paths, const events::Event& event) {
  if (data_read_) {
    return;
  }
  data_read_ = true;
  const std::uint32_t node = paths.child(PathTable::kRoot, "data");
  if (node != PathTable::kNone && !event.data().empty() &&
      events::is_json_media_type(event.content_type())) {
    data_->read(paths, node, event.data(), flat_);
  }
}

}  // namespace aev::routing
