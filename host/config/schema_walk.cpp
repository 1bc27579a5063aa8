#include "config/schema_walk.h"

#include <exception>
#include <sstream>

#include <Poco/JSON/Array.h>
#include <Poco/JSON/Parser.h>
#include <Poco/JSON/Stringifier.h>

#include "config/units.h"

namespace aev::config {
namespace {

using Poco::Dynamic::Var;
using Poco::JSON::Object;

constexpr int kMaxReferences = 16;

}  // namespace

Var parse_json(std::string_view text) {
  try {
    return Poco::JSON::Parser().parse(std::string(text));
  } catch (const std::exception&) {
    return {};  // the schema library has already said what is wrong with it
  }
}

std::string as_json(const Var& value) {
  std::ostringstream out;
  Poco::JSON::Stringifier::stringify(value, out);
  return out.str();
}

Object::Ptr as_object(const Var& value) {
  return value.type() == typeid(Object::Ptr) ? value.extract<Object::Ptr>() : Object::Ptr();
}

std::vector<std::string> pointer_steps(std::string_view pointer) {
  std::vector<std::string> out;
  while (!pointer.empty()) {
    pointer.remove_prefix(1);
    const std::size_t end = std::min(pointer.find('/'), pointer.size());
    std::string step;
    for (std::size_t i = 0; i < end; ++i) {
      if (pointer[i] == '~' && i + 1 < end) {
        ++i;
        step += pointer[i] == '1' ? '/' : '~';
      } else {
        step += pointer[i];
      }
    }
    out.push_back(std::move(step));
    pointer.remove_prefix(end);
  }
  return out;
}

std::string escape_pointer_step(std::string_view step) {
  std::string out;
  for (const char each : step) {
    if (each == '~') {
      out += "~0";
    } else if (each == '/') {
      out += "~1";
    } else {
      out += each;
    }
  }
  return out;
}

Var value_at(const Var& document, std::string_view pointer) {
  Var current = document;
  for (const std::string& step : pointer_steps(pointer)) {
    if (const Object::Ptr object = as_object(current)) {
      current = object->get(step);
    } else if (current.type() == typeid(Poco::JSON::Array::Ptr)) {
      const auto array = current.extract<Poco::JSON::Array::Ptr>();
      const Result<std::uint64_t> index = parse_count(step);
      if (!index || *index >= array->size()) {
        return {};
      }
      current = array->get(static_cast<unsigned>(*index));
    } else {
      return {};
    }
  }
  return current;
}

Object::Ptr resolve_reference(const Object::Ptr& root, Object::Ptr schema) {
  for (int hops = 0; schema && schema->has("$ref"); ++hops) {
    const Var reference = schema->get("$ref");
    if (!reference.isString() || hops == kMaxReferences) {
      return {};
    }
    const std::string text = reference.extract<std::string>();
    if (text.empty() || text.front() != '#') {
      return {};
    }
    schema = as_object(value_at(Var(root), std::string_view(text).substr(1)));
  }
  return schema;
}

Object::Ptr subschema_at(const Object::Ptr& root, std::string_view pointer) {
  Object::Ptr schema = resolve_reference(root, root);
  for (const std::string& step : pointer_steps(pointer)) {
    if (!schema) {
      return {};
    }
    Object::Ptr next;
    if (const Object::Ptr properties = as_object(schema->get("properties"))) {
      next = as_object(properties->get(step));
    }
    if (!next) {
      next = as_object(schema->get("additionalProperties"));
    }
    if (!next) {
      next = as_object(schema->get("items"));
    }
    schema = resolve_reference(root, next);
  }
  return schema;
}

}  // namespace aev::config
