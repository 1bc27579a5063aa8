#include "config/embedded_schema.h"

#include <algorithm>
#include <exception>
#include <string_view>

#include <Poco/JSON/Array.h>
#include <Poco/JSON/ParseHandler.h>
#include <Poco/JSON/Parser.h>

#include "config/schema_walk.h"

namespace aev::config {
namespace {

using Poco::Dynamic::Var;
using Poco::JSON::Array;
using Poco::JSON::Object;

Object::Ptr interpolated_text() {
  Object::Ptr out = ordered_object();
  out->set("type", "string");
  out->set("pattern", kInterpolated);
  return out;
}

/// Keywords that hold schemas by name, a schema, or a list of them. Everything else is data.
bool holds_named_schemas(std::string_view keyword) {
  return keyword == "properties" || keyword == "patternProperties" || keyword == "definitions" ||
         keyword == "dependencies";
}

bool holds_schemas(std::string_view keyword) {
  static constexpr std::string_view kKeywords[] = {"items",
                                                   "additionalItems",
                                                   "additionalProperties",
                                                   "contains",
                                                   "propertyNames",
                                                   "if",
                                                   "then",
                                                   "else",
                                                   "not",
                                                   "allOf",
                                                   "anyOf",
                                                   "oneOf"};
  return std::find(std::begin(kKeywords), std::end(kKeywords), keyword) != std::end(kKeywords);
}

class Embedder {
 public:
  explicit Embedder(std::string place) : place_(std::move(place)) {}

  Object::Ptr schema(const Object& from) {
    Object::Ptr out = ordered_object();
    for (const std::string& name : from.getNames()) {
      const Var value = from.get(name);
      if (name == "$schema" || name == "$id") {
        continue;
      }
      if (name == "$ref" && value.isString() && value.toString().rfind('#', 0) == 0) {
        out->set(name, place_ + value.toString().substr(1));
      } else if (name == "pattern" && value.isString()) {
        out->set(name, "(?:" + value.toString() + ")|" + kInterpolated);
      } else if (holds_named_schemas(name) && as_object(value)) {
        out->set(name, named_schemas(*as_object(value)));
      } else if (holds_schemas(name)) {
        out->set(name, any(value));
      } else {
        out->set(name, value);
      }
    }
    return wants_exact_text(from) ? with_way_out(out) : out;
  }

 private:
  Object::Ptr named_schemas(const Object& from) {
    Object::Ptr out = ordered_object();
    for (const std::string& name : from.getNames()) {
      out->set(name, any(from.get(name)));
    }
    return out;
  }

  Var any(const Var& value) {
    if (const Object::Ptr object = as_object(value)) {
      return schema(*object);
    }
    if (value.type() == typeid(Array::Ptr)) {
      Array::Ptr out = new Array();
      for (const Var& each : *value.extract<Array::Ptr>()) {
        out->add(any(each));
      }
      return out;
    }
    return value;
  }

  /// What no longer alternative of a pattern can loosen.
  static bool wants_exact_text(const Object& schema) {
    const auto is_text = [](const Var& each) { return each.isString(); };
    if (const Array::Ptr choices = schema.getArray("enum")) {
      return std::any_of(choices->begin(), choices->end(), is_text);
    }
    return is_text(schema.get("const")) || schema.has("format") || schema.has("maxLength");
  }

  /// The constraints or an interpolated text; what describes the value stays outside.
  static Object::Ptr with_way_out(Object::Ptr strict) {
    Object::Ptr out = ordered_object();
    for (const char* const each : {"title", "description", "default", "examples", "x-secret"}) {
      if (strict->has(each)) {
        out->set(each, strict->get(each));
        strict->remove(each);
      }
    }
    Array::Ptr ways = new Array();
    ways->add(strict);
    ways->add(interpolated_text());
    out->set("anyOf", ways);
    return out;
  }

  const std::string place_;
};

}  // namespace

Object::Ptr ordered_object() {
  return new Object(Poco::JSON_PRESERVE_KEY_ORDER);
}

Object::Ptr parse_in_order(const std::string& json) {
  try {
    Poco::JSON::Parser parser(new Poco::JSON::ParseHandler(true));
    return as_object(parser.parse(json));
  } catch (const std::exception&) {
    return {};
  }
}

Object::Ptr embedded_schema(const std::string& schema_json, const std::string& place) {
  const Object::Ptr schema = parse_in_order(schema_json);
  return schema ? Embedder(place).schema(*schema) : Object::Ptr();
}

}  // namespace aev::config
