#include "routing/json_tree.h"

#include <simdjson.h>

#include "core/json_text.h"

namespace aev::routing {
namespace {

namespace ondemand = simdjson::ondemand;

/// Thrown by simdjson's operators, and by what follows here; caught in read().
[[noreturn]] void fail(simdjson::error_code code) {
  throw simdjson::simdjson_error(code);
}

std::string_view trimmed(std::string_view token) {
  const std::size_t last = token.find_last_not_of(" \t\r\n");
  return token.substr(0, last == std::string_view::npos ? 0 : last + 1);
}

template <typename Value>
JsonTree convert(Value& value, int depth_left) {
  if (depth_left == 0) {
    fail(simdjson::DEPTH_ERROR);
  }
  JsonTree out;
  switch (ondemand::json_type(value.type())) {
    case ondemand::json_type::object:
      out.kind = JsonTree::Kind::kObject;
      for (auto field : value.get_object()) {
        std::string name(std::string_view(field.unescaped_key()));
        ondemand::value member = field.value();
        out.names.push_back(std::move(name));
        out.elements.push_back(convert(member, depth_left - 1));
      }
      break;
    case ondemand::json_type::array:
      out.kind = JsonTree::Kind::kArray;
      for (auto element : value.get_array()) {
        ondemand::value each = element.value();
        out.elements.push_back(convert(each, depth_left - 1));
      }
      break;
    case ondemand::json_type::string:
      out.leaf.type = Leaf::Type::kString;
      out.text = std::string(std::string_view(value.get_string()));
      break;
    case ondemand::json_type::number: {
      const std::string_view token = value.raw_json_token();
      out.text = trimmed(token);
      if (!parse_number(out.text, out.leaf)) {
        fail(simdjson::NUMBER_ERROR);
      }
      out.leaf.text = {};
      break;
    }
    case ondemand::json_type::boolean:
      out.leaf.type = bool(value.get_bool()) ? Leaf::Type::kTrue : Leaf::Type::kFalse;
      break;
    case ondemand::json_type::null:
      if (!value.is_null()) {
        fail(simdjson::N_ATOM_ERROR);
      }
      break;
  }
  return out;
}

}  // namespace

std::string JsonTree::write() const {
  std::string out;
  if (kind == Kind::kObject) {
    for (std::size_t i = 0; i < names.size(); ++i) {
      out += (out.empty() ? "{" : ",") + json_string(names[i]) + ":" + elements[i].write();
    }
    return out.empty() ? "{}" : out + "}";
  }
  if (kind == Kind::kArray) {
    for (const JsonTree& each : elements) {
      out += (out.empty() ? "[" : ",") + each.write();
    }
    return out.empty() ? "[]" : out + "]";
  }
  switch (leaf.type) {
    case Leaf::Type::kNull:
      return "null";
    case Leaf::Type::kFalse:
      return "false";
    case Leaf::Type::kTrue:
      return "true";
    case Leaf::Type::kNumber:
      return text;
    default:
      return json_string(text);
  }
}

Result<JsonTree> JsonTree::read(std::string_view json, int max_depth) {
  try {
    const simdjson::padded_string padded(json);
    ondemand::parser parser;
    ondemand::document document = parser.iterate(padded);
    JsonTree out;
    if (document.is_scalar()) {
      // A document that is one scalar is checked less strictly; inside a list it is not.
      const simdjson::padded_string wrapped("[" + std::string(json) + "]");
      document = parser.iterate(wrapped);
      out = convert(document, 2);
      if (out.elements.size() != 1) {
        fail(simdjson::TAPE_ERROR);
      }
      return JsonTree(std::move(out.elements.front()));
    }
    out = convert(document, max_depth);
    if (document.current_location().error() != simdjson::OUT_OF_BOUNDS) {
      fail(simdjson::TRAILING_CONTENT);
    }
    return out;
  } catch (const simdjson::simdjson_error& fault) {
    return Error{ErrorCode::kInvalid,
                 fault.error() == simdjson::DEPTH_ERROR
                     ? "is nested more than " + std::to_string(max_depth) + " levels deep"
                     : std::string("is not JSON: ") + fault.what(),
                 {}};
  }
}

}  // namespace aev::routing
