#include "routing/event_reader.h"

#include <algorithm>
#include <array>
#include <cstring>

#include <simdjson.h>

#include "core/clock.h"
#include "core/json_text.h"
#include "events/canonical_json.h"
#include "routing/hash.h"

namespace aev::routing {
namespace {

namespace ondemand = simdjson::ondemand;

/// Deeper than anything that ingest lets in.
constexpr int kMaxDepth = 512;
/// In arrays of so few objects or arrays it is not worth looking for repeated ones.
constexpr std::size_t kFew = 16;
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
    ++document_;
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
    return document.get_value().get(value) == simdjson::SUCCESS && walk(value, node, 0, 0);
  }

  bool scalar_in_list(ondemand::document& document, std::uint32_t node) {
    ondemand::array elements;
    if (document.get_array().get(elements) != simdjson::SUCCESS) {
      return false;
    }
    int count = 0;
    for (auto each : elements) {
      ondemand::value element;
      if (std::move(each).get(element) != simdjson::SUCCESS || ++count > 1 ||
          !walk(element, node, 0, 0)) {
        return false;
      }
    }
    return count == 1;
  }

  bool walk(ondemand::value& value, std::uint32_t node, std::uint32_t place, int depth) {
    const std::string_view token = value.raw_json_token();
    if (token.empty()) {
      return false;  // the text ends here
    }
    if (token[0] == '{') {
      return !paths_->has_children(node) || object(value, node, place, depth + 1);
    }
    if (token[0] == '[') {
      return array(value, node, place, depth + 1);
    }
    const PathId path = paths_->path_at(node);
    return path == PathTable::kNone || scalar(value, token, path, place);
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
      const std::uint32_t child =
          place == 0 ? child_for(node, field) : remembered_child_for(node, field);
      if (child != PathTable::kNone && !walk(field.value(), child, place, depth)) {
        return false;
      }
    }
    return true;
  }

  std::uint32_t child_for(std::uint32_t node, ondemand::field& field) {
    std::string_view name;
    // An escape without meaning is something that no pattern can name.
    return field.unescaped_key().get(name) == simdjson::SUCCESS ? paths_->child(node, name)
                                                                : PathTable::kNone;
  }

  /// The same for elements of an array, which mostly have the same names: those of up to fifteen
  /// bytes without escapes are remembered.
  std::uint32_t remembered_child_for(std::uint32_t node, ondemand::field& field) {
    Name now{0, 0, document_, node, PathTable::kNone};
    std::memcpy(&now.first, field.key().raw(), sizeof now.first);  // the text is padded
    std::memcpy(&now.second, field.key().raw() + sizeof now.first, sizeof now.second);
    if (end_at_quotation_mark(now.first)) {
      now.second = 0;
    } else if (!end_at_quotation_mark(now.second)) {
      return child_for(node, field);
    }
    if (has_byte(now.first, '\\') || has_byte(now.second, '\\')) {
      return child_for(node, field);
    }
    Name& known = names_[mix(now.first ^ now.second, node) % names_.size()];
    now.child = known.child;
    if (known != now) {
      now.child = child_for(node, field);
      known = now;
    }
    return now.child;
  }

  /// 0x80 in each byte of the result whose byte in `word` is `byte`, zero in the others.
  static std::uint64_t marks_of_byte(std::uint64_t word, char byte) {
    constexpr std::uint64_t kOnes = 0x0101010101010101u;
    constexpr std::uint64_t kLow = kOnes * 0x7F;
    const std::uint64_t zero_where_found = word ^ (kOnes * static_cast<unsigned char>(byte));
    return ~(((zero_where_found & kLow) + kLow) | zero_where_found | kLow);
  }

  static bool has_byte(std::uint64_t word, char byte) { return marks_of_byte(word, byte) != 0; }

  /// Sets what follows the first quotation mark to zero; false if there is none.
  static bool end_at_quotation_mark(std::uint64_t& word) {
    const std::uint64_t marks = marks_of_byte(word, '"');
    if (marks == 0) {
      return false;
    }
    word &= marks ^ (marks - 1);
    return true;
  }

  bool array(ondemand::value& value, std::uint32_t node, std::uint32_t place, int depth) {
    ondemand::array elements;
    if (depth > kMaxDepth || value.get_array().get(elements) != simdjson::SUCCESS) {
      return false;
    }
    const std::uint32_t array = flat_->next_array();
    const PathId path = paths_->path_at(node);
    const bool has_children = paths_->has_children(node);
    std::size_t nested = 0;
    for (auto each : elements) {
      ondemand::value element;
      if (std::move(each).get(element) != simdjson::SUCCESS) {
        return false;
      }
      const std::string_view token = element.raw_json_token();
      if (token.empty()) {
        return false;
      }
      if (token[0] != '[' && (token[0] != '{' || !has_children)) {
        if (token[0] != '{' && path != PathTable::kNone && !repeated(token, path, place) &&
            !scalar(element, token, path, place)) {
          return false;
        }
        continue;
      }
      if (++nested > kFew && repeated_element(token.data(), node, array)) {
        continue;
      }
      const std::uint32_t inner = flat_->open_place(place, array);
      if (!walk(element, node, inner, depth)) {
        return false;
      }
      flat_->close_place(inner);
    }
    return true;
  }

  /// Whether a short element has been there before, as far as is remembered: in the same place it
  /// says nothing new, and large arrays are mostly of such.
  bool repeated(std::string_view token, PathId path, std::uint32_t place) {
    if (token.empty() || token.size() > sizeof(std::uint64_t)) {
      return false;
    }
    std::uint64_t spelling = 0;
    std::memcpy(&spelling, token.data(), sizeof spelling);  // the text is padded
    spelling <<= (sizeof spelling - token.size()) * 8;
    Short& last = shorts_[(spelling * 0x9E3779B97F4A7C15u) >> 58];
    const Short now{spelling, token.size(), document_, path, place};
    if (last == now) {
      return true;
    }
    last = now;
    return false;
  }

  /// The same for objects and arrays of up to kShortBytes without escapes.
  bool repeated_element(const char* text, std::uint32_t node, std::uint32_t array) {
    std::size_t size = 0;
    bool quoted = false;
    for (int depth = 0; size == 0 || depth > 0; ++size) {
      if (size == kShortBytes || text[size] == '\\') {
        return false;
      }
      const char each = text[size];
      quoted = quoted != (each == '"');
      if (!quoted) {
        depth += each == '{' || each == '[' ? 1 : each == '}' || each == ']' ? -1 : 0;
      }
    }
    Element now{{}, document_, node, array};
    std::memcpy(now.bytes.data(), text, size);
    Element& last = elements_[hash_text({text, size}) % elements_.size()];
    if (last == now) {
      return true;
    }
    last = now;
    return false;
  }

  bool scalar(ondemand::value& value, std::string_view token, PathId path, std::uint32_t place) {
    Leaf leaf;
    switch (token[0]) {
      case '"':
        leaf.type = Leaf::Type::kString;
        // An escape without meaning, such as half a surrogate pair, leaves the text as spelled.
        if (value.get_string().get(leaf.text) != simdjson::SUCCESS) {
          leaf.text = trimmed(token);
          leaf.text = leaf.text.size() < 2 ? leaf.text : leaf.text.substr(1, leaf.text.size() - 2);
        }
        break;
      case 't':
      case 'f':
      case 'n':
        token = trimmed(token);
        if (token != "true" && token != "false" && token != "null") {
          return false;
        }
        leaf.type = token[0] == 't'   ? Leaf::Type::kTrue
                    : token[0] == 'f' ? Leaf::Type::kFalse
                                      : Leaf::Type::kNull;
        break;
      default:
        if (!parse_number(trimmed(token), leaf)) {
          return false;
        }
    }
    flat_->add(path, leaf, place);
    return true;
  }

  /// A short element of an array, as spelled, and where it was.
  struct Short {
    std::uint64_t spelling = 0;
    std::size_t size = 0;
    std::uint64_t document = 0;
    PathId path = 0;
    std::uint32_t place = 0;

    bool operator==(const Short&) const = default;
  };

  /// A name, its quotation mark included, and where it leads.
  struct Name {
    std::uint64_t first = 0;
    std::uint64_t second = 0;
    std::uint64_t document = 0;
    std::uint32_t node = 0;
    std::uint32_t child = 0;

    bool operator==(const Name&) const = default;
  };

  static constexpr std::size_t kShortBytes = 64;  // no more than the text is padded by

  /// A short object or array in an array, as spelled.
  struct Element {
    std::array<char, kShortBytes> bytes;
    std::uint64_t document = 0;
    std::uint32_t node = 0;
    std::uint32_t array = 0;

    bool operator==(const Element&) const = default;
  };

  std::array<Element, 64> elements_{};
  std::array<Short, 64> shorts_;
  std::array<Name, 64> names_;
  std::uint64_t document_ = 0;  // counts them, so that what is remembered need not be cleared
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
