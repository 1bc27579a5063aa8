#pragma once

#include <string>
#include <string_view>
#include <vector>

#include <Poco/Dynamic/Var.h>
#include <Poco/JSON/Object.h>

namespace aev::config {

/// Private to this layer's .cpp files: finding one's way in a JSON Schema. Never throws.

/// The parsed document; empty if it is not JSON.
[[nodiscard]] Poco::Dynamic::Var parse_json(std::string_view text);

/// The value as JSON text.
[[nodiscard]] std::string as_json(const Poco::Dynamic::Var& value);

/// The object that `value` holds, or null.
[[nodiscard]] Poco::JSON::Object::Ptr as_object(const Poco::Dynamic::Var& value);

/// `schema`, or what its local `$ref` leads to.
[[nodiscard]] Poco::JSON::Object::Ptr resolve_reference(const Poco::JSON::Object::Ptr& root,
                                                        Poco::JSON::Object::Ptr schema);

/// The subschema that `properties`, `additionalProperties` and `items` give for the value at
/// `pointer`; null if they give none.
[[nodiscard]] Poco::JSON::Object::Ptr subschema_at(const Poco::JSON::Object::Ptr& root,
                                                   std::string_view pointer);

/// The part of a document at `pointer`; empty if there is none.
[[nodiscard]] Poco::Dynamic::Var value_at(const Poco::Dynamic::Var& document,
                                          std::string_view pointer);

/// The unescaped steps of a JSON Pointer.
[[nodiscard]] std::vector<std::string> pointer_steps(std::string_view pointer);

[[nodiscard]] std::string escape_pointer_step(std::string_view step);

}  // namespace aev::config
