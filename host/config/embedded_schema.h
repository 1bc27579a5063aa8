#pragma once

#include <string>

#include <Poco/JSON/Object.h>

namespace aev::config {

/// Private to this layer's .cpp files.

/// A text that is replaced when the file is loaded, as a regular expression for `pattern`.
inline constexpr const char* kInterpolated = "\\$\\{(env|file):";

/// A plugin's schema made fit to stand within another at `place` (`#/definitions/webhook`): its
/// references to itself lead there, and texts may be ${env:…} and ${file:…} whatever they must be
/// otherwise. Null if `schema_json` is no JSON object. Never throws.
[[nodiscard]] Poco::JSON::Object::Ptr embedded_schema(const std::string& schema_json,
                                                      const std::string& place);

/// JSON with the members of objects in the order they were written; null if it is no object.
[[nodiscard]] Poco::JSON::Object::Ptr parse_in_order(const std::string& json);

/// An empty object that keeps the order of its members.
[[nodiscard]] Poco::JSON::Object::Ptr ordered_object();

}  // namespace aev::config
