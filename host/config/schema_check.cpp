#include <algorithm>
#include <exception>
#include <set>

#include <Poco/JSON/Array.h>
#include <Poco/JSON/Object.h>

#include "config/config.h"
#include "config/map_reader.h"
#include "config/schema_walk.h"
#include "core/json_schema.h"

namespace aev::config {
namespace {

using Poco::Dynamic::Var;
using Poco::JSON::Array;
using Poco::JSON::Object;

bool starts_with(std::string_view text, std::string_view start) {
  return text.substr(0, start.size()) == start;
}

/// Messages that only say that a part was wrong, which the part's own message says better.
bool is_consequence(std::string_view description) {
  return starts_with(description, "Failed to validate against schema associated with") ||
         starts_with(description, "Failed to validate against additional properties") ||
         starts_with(description, "Failed to validate against child schema") ||
         starts_with(description, "Failed to validate item #");
}

/// `a, b or c` of a list or of a single value.
std::string alternatives(const Var& value) {
  if (value.type() != typeid(Array::Ptr)) {
    return value.isString() ? value.extract<std::string>() : as_json(value);
  }
  const auto list = value.extract<Array::Ptr>();
  std::string out;
  for (unsigned i = 0; i < list->size(); ++i) {
    const Var each = list->get(i);
    out += i == 0 ? "" : i + 1 == list->size() ? " or " : ", ";
    out += each.isString() ? each.extract<std::string>() : as_json(each);
  }
  return out;
}

class Explainer {
 public:
  Explainer(std::string_view document_json,
            std::string_view schema_json,
            const SourceMap& sources,
            std::string_view path_prefix)
      : document_(parse_json(document_json)),
        schema_(as_object(parse_json(schema_json))),
        sources_(sources),
        prefix_(path_prefix) {}

  std::vector<Problem> explain(const std::vector<SchemaViolation>& violations) {
    for (const SchemaViolation& violation : violations) {
      if (starts_with(violation.description, "Failed to validate against any") ||
          starts_with(violation.description, "Failed to validate against exactly")) {
        with_forms_.insert(violation.pointer);
      }
    }
    for (const SchemaViolation& violation : violations) {
      explain_one(violation);
    }
    if (problems_.empty() && !violations.empty()) {
      add(violations.front().pointer, violations.front().description);
    }
    return std::move(problems_);
  }

 private:
  void explain_one(const SchemaViolation& violation) {
    const std::string_view text = violation.description;
    if (is_consequence(text)) {
      return;
    }
    const Object::Ptr schema = schema_ ? subschema_at(schema_, violation.pointer) : Object::Ptr();
    if (starts_with(text, "Object contains a property")) {
      unknown_properties(violation, schema);
    } else if (starts_with(text, "Missing required property '")) {
      add(violation.pointer, "`" + quoted_part(text) + "` is missing");
    } else if (with_forms_.count(violation.pointer) != 0) {
      add(violation.pointer, described("has none of the forms that are allowed here", schema));
    } else if (starts_with(text, "Value type not permitted") && schema && schema->has("type")) {
      add(violation.pointer, "must be of type " + alternatives(schema->get("type")));
    } else if (starts_with(text, "Failed to match against any enum") && schema &&
               schema->has("enum")) {
      enumeration(violation, schema->get("enum"));
    } else if (starts_with(text, "Failed to match regex") && schema && schema->has("pattern")) {
      add(violation.pointer,
          described("must match the pattern " + alternatives(schema->get("pattern")), schema));
    } else {
      add(violation.pointer, std::string(text));
    }
  }

  void unknown_properties(const SchemaViolation& violation, const Object::Ptr& schema) {
    const Object::Ptr properties = schema ? as_object(schema->get("properties")) : Object::Ptr();
    const Object::Ptr given = as_object(value_at(document_, violation.pointer));
    std::vector<std::string> known;
    if (properties) {
      properties->getNames(known);
    }
    std::vector<std::string> unknown;
    // The library names only the first; with patterns it alone knows which they are.
    if (given && properties && !schema->has("patternProperties")) {
      for (const auto& [name, value] : *given) {
        if (!properties->has(name)) {
          unknown.push_back(name);
        }
      }
    } else {
      unknown.push_back(quoted_part(violation.description));
    }
    for (const std::string& name : unknown) {
      add(violation.pointer + "/" + escape_pointer_step(name),
          "unknown key" + suggestion(name, known));
    }
  }

  void enumeration(const SchemaViolation& violation, const Var& allowed) {
    std::string message = "must be " + alternatives(allowed);
    const Var given = value_at(document_, violation.pointer);
    if (given.isString() && allowed.type() == typeid(Array::Ptr)) {
      std::vector<std::string> names;
      for (const Var& each : *allowed.extract<Array::Ptr>()) {
        if (each.isString()) {
          names.push_back(each.extract<std::string>());
        }
      }
      message += suggestion(given.extract<std::string>(), names);
    }
    add(violation.pointer, std::move(message));
  }

  static std::string described(std::string message, const Object::Ptr& schema) {
    if (schema && schema->get("description").isString()) {
      message += " (" + schema->get("description").extract<std::string>() + ")";
    }
    return message;
  }

  static std::string quoted_part(std::string_view text) {
    const std::size_t first =
        text.find('\'', text.rfind(": '") != std::string_view::npos ? text.rfind(": '") : 0);
    const std::size_t last = text.rfind('\'');
    return first == std::string_view::npos || last <= first
               ? std::string()
               : std::string(text.substr(first + 1, last - first - 1));
  }

  void add(const std::string& pointer, std::string message) {
    if (!said_.insert(pointer + " " + message).second) {
      return;
    }
    std::string path = prefix_;
    Var current = document_;
    for (const std::string& step : pointer_steps(pointer)) {
      const bool element = current.type() == typeid(Array::Ptr);
      path += element ? "[" + step + "]" : (path.empty() ? "" : ".") + step;
      current = value_at(current, "/" + escape_pointer_step(step));
    }
    problems_.push_back({place_of(pointer), std::move(path), std::move(message), false});
  }

  /// The nearest place that is known: of the value, else of what holds it.
  [[nodiscard]] Location place_of(std::string pointer) const {
    while (true) {
      const auto found = sources_.find(pointer);
      if (found != sources_.end()) {
        return found->second;
      }
      if (pointer.empty()) {
        return {};
      }
      pointer.resize(pointer.rfind('/'));
    }
  }

  const Var document_;
  const Object::Ptr schema_;
  const SourceMap& sources_;
  const std::string prefix_;
  std::set<std::string, std::less<>> with_forms_;  // where oneOf or anyOf failed
  std::set<std::string, std::less<>> said_;
  std::vector<Problem> problems_;
};

void collect_secrets(const Object::Ptr& root,
                     Object::Ptr schema,
                     const std::string& pointer,
                     int depth,
                     std::set<std::string>& out) {
  constexpr int kMaxDepth = 16;  // a schema may refer to itself
  schema = resolve_reference(root, std::move(schema));
  if (!schema || depth > kMaxDepth) {
    return;
  }
  const Var marked = schema->get("x-secret");
  if (marked.isBoolean() && marked.extract<bool>()) {
    out.insert(pointer);
  }
  if (const Object::Ptr properties = as_object(schema->get("properties"))) {
    for (const auto& [name, value] : *properties) {
      collect_secrets(root, as_object(value), pointer + "/" + escape_pointer_step(name), depth + 1,
                      out);
    }
  }
  for (const char* const each : {"additionalProperties", "items"}) {
    collect_secrets(root, as_object(schema->get(each)), pointer + "/*", depth + 1, out);
  }
  for (const char* const each : {"if", "then", "else"}) {
    collect_secrets(root, as_object(schema->get(each)), pointer, depth + 1, out);
  }
  for (const char* const each : {"allOf", "anyOf", "oneOf"}) {
    const Var branches = schema->get(each);
    if (branches.type() == typeid(Array::Ptr)) {
      for (const Var& branch : *branches.extract<Array::Ptr>()) {
        collect_secrets(root, as_object(branch), pointer, depth + 1, out);
      }
    }
  }
}

}  // namespace

std::vector<Problem> check_against_schema(std::string_view document_json,
                                          std::string_view schema_json,
                                          const SourceMap& sources,
                                          std::string_view path_prefix) {
  const auto root = sources.find("");
  const Location where = root == sources.end() ? Location() : root->second;
  try {
    const auto schema = JsonSchema::compile(schema_json);
    if (!schema) {
      return {{where, std::string(path_prefix), schema.error().message, false}};
    }
    const auto violations = schema->violations(document_json);
    if (!violations) {
      return {{where, std::string(path_prefix), violations.error().message, false}};
    }
    return Explainer(document_json, schema_json, sources, path_prefix).explain(*violations);
  } catch (const std::exception& failure) {
    return {{where, std::string(path_prefix), failure.what(), false}};
  }
}

std::vector<std::string> secret_pointers(std::string_view schema_json) {
  std::set<std::string> out;
  const Object::Ptr root = as_object(parse_json(schema_json));
  if (root) {
    collect_secrets(root, root, {}, 0, out);
  }
  return {out.begin(), out.end()};
}

}  // namespace aev::config
