#include "routing/json_flattener.h"

#include <algorithm>
#include <cstring>

#include <simdjson.h>

#include "routing/array_memory.h"

namespace aev::routing {
namespace {

namespace ondemand = simdjson::ondemand;

/// Deeper than anything that ingest lets in.
constexpr int kMaxDepth = 512;
/// In arrays of so few objects or arrays it is not worth looking for repeated ones.
constexpr std::size_t kFew = 16;
/// A thread does not keep larger buffers from event to event.
constexpr std::size_t kKeepBytes = 256 * 1024;

static_assert(ArrayMemory::kPadding <= simdjson::SIMDJSON_PADDING);

std::string_view trimmed(std::string_view token) {
  while (!token.empty() && static_cast<unsigned char>(token.back()) <= ' ') {
    token.remove_suffix(1);
  }
  return token;
}

}  // namespace

class JsonFlattener::Impl {
 public:
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
    memory_.begin_document();
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
          place == 0
              ? child_for(node, field)
              : memory_.child(node, field.key().raw(), [&] { return child_for(node, field); });
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
        if (token[0] != '{' && path != PathTable::kNone &&
            !memory_.repeats_value(token, path, place) && !scalar(element, token, path, place)) {
          return false;
        }
        continue;
      }
      if (++nested > kFew && memory_.repeats_element(token.data(), node, array)) {
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

  ArrayMemory memory_;
  std::unique_ptr<ondemand::parser> parser_;
  std::unique_ptr<char[]> padded_;
  std::size_t capacity_ = 0;
  const PathTable* paths_ = nullptr;
  FlatEvent* flat_ = nullptr;
};

JsonFlattener::JsonFlattener() : impl_(std::make_unique<Impl>()) {}

JsonFlattener::~JsonFlattener() = default;

void JsonFlattener::read(const PathTable& paths,
                         std::uint32_t node,
                         std::string_view json,
                         FlatEvent& flat) {
  impl_->read(paths, node, json, flat);
}

}  // namespace aev::routing
