#include "config/config_schema.h"

#include <cmath>
#include <memory>
#include <sstream>

#include <Poco/JSON/Array.h>

#include "config/embedded_schema.h"
#include "config/key_notes.h"
#include "config/reader_keys.h"
#include "config/redaction.h"
#include "config/schema_walk.h"

namespace aev::config {
namespace {

using Poco::Dynamic::Var;
using Poco::JSON::Array;
using Poco::JSON::Object;
using Kind = ReaderKey::Kind;

constexpr const char* kNamePattern = "^[A-Za-z0-9_.-]{1,64}$";

template <typename... Values>
Array::Ptr list(const Values&... values) {
  Array::Ptr out = new Array();
  (out->add(values), ...);
  return out;
}

/// A text in one of these forms, or one that is replaced when the file is loaded.
std::string or_interpolated(const std::string& pattern) {
  return pattern + "|" + kInterpolated;
}

/// With a unit; a bare 0 is a number to YAML, so it is allowed for where 0 has a meaning.
void set_quantity(Object& out,
                  const ReaderKey& key,
                  const std::string& pattern,
                  const std::string& help) {
  if (key.least == 0) {
    out.set("type", list("string", "integer"));
    out.set("minimum", 0);
    out.set("maximum", 0);
  } else {
    out.set("type", "string");
  }
  out.set("pattern", or_interpolated(pattern));
  out.set("patternErrorMessage", help);
}

void set_number(Object& out, const ReaderKey& key, const char* type) {
  out.set("type", list(type, "string"));
  out.set("pattern", kInterpolated);
  out.set("patternErrorMessage", "a number without quotes, or ${env:NAME}");
  out.set("minimum", key.least);
  if (key.most < 9e15) {  // what is larger is no limit to anybody
    out.set("maximum", key.most);
  }
}

void set_choice(Object& out, const ReaderKey& key) {
  Array::Ptr names = new Array();
  for (const std::string& choice : key.choices) {
    names->add(choice);
  }
  Object::Ptr one_of_them = ordered_object();
  one_of_them->set("enum", names);
  Object::Ptr interpolated = ordered_object();
  interpolated->set("type", "string");
  interpolated->set("pattern", kInterpolated);
  out.set("anyOf", list(one_of_them, interpolated));
}

void set_scalar(Object& out, const ReaderKey& key) {
  switch (key.kind) {
    case Kind::kDuration:
      set_quantity(out, key, "^(0|(([0-9]+\\.?[0-9]*|\\.[0-9]+)(ms|s|m|h|d))+)$",
                   "a duration with its unit (ms, s, m, h or d), for example 30s or 500ms");
      break;
    case Kind::kSize:
      set_quantity(out, key, "^(0|([0-9]+\\.?[0-9]*|\\.[0-9]+)(B|KB|KiB|MB|MiB|GB|GiB))$",
                   "a size with its unit (B, KiB, MiB, GiB, KB, MB or GB), for example 64KiB");
      break;
    case Kind::kRate:
      out.set("type", "string");
      out.set("pattern", or_interpolated("^[0-9.]+([eE][-+]?[0-9]+)?/(s|m|h)$"));
      out.set("patternErrorMessage", "a rate such as 100/s, 30/m or 10/h");
      break;
    case Kind::kReal:
      set_number(out, key, "number");
      break;
    case Kind::kCount:
      set_number(out, key, "integer");
      break;
    case Kind::kBoolean:
      out.set("type", "boolean");
      break;
    case Kind::kText:
      out.set("type", list("string", "number"));
      out.set("minLength", 1);
      break;
    case Kind::kChoice:
      set_choice(out, key);
      break;
    case Kind::kStructure:
      break;
  }
  if (key.standard.empty()) {
    return;
  }
  if (key.kind == Kind::kCount || key.kind == Kind::kReal) {
    const double number = std::stod(key.standard);
    if (number == std::floor(number) && number < 9e15) {
      out.set("default", static_cast<std::int64_t>(number));
    } else {
      out.set("default", number);
    }
  } else if (key.kind == Kind::kBoolean) {
    out.set("default", key.standard == "true");
  } else {
    out.set("default", key.standard);
  }
}

/// The keys as a tree: what a map or a list holds.
struct Node {
  std::string path;
  const ReaderKey* key = nullptr;  // null for `*` and `[0]`, which nobody asks for by name
  std::vector<std::pair<std::string, std::unique_ptr<Node>>> members;
};

/// The first step of `path`: a name, `*` or `[0]`.
std::string_view take_step(std::string_view& path) {
  if (!path.empty() && path.front() == '.') {
    path.remove_prefix(1);
  }
  const std::size_t end = path.front() == '[' ? path.find(']') + 1 : path.find_first_of(".[");
  const std::string_view step = path.substr(0, end);
  path.remove_prefix(step.size());
  return step;
}

void add_to_tree(Node& root, const ReaderKey& key) {
  Node* node = &root;
  std::string_view rest = key.path;
  while (!rest.empty()) {
    const std::string step(take_step(rest));
    Node* next = nullptr;
    for (auto& [name, member] : node->members) {
      next = name == step ? member.get() : next;
    }
    if (next == nullptr) {
      next = node->members.emplace_back(step, std::make_unique<Node>()).second.get();
      next->path = key.path.substr(0, key.path.size() - rest.size());
    }
    node = next;
  }
  node->key = &key;
}

void add_note(Object& out, const KeyNote& note) {
  if (note.schema.empty()) {
    return;
  }
  const Object::Ptr more = parse_in_order(std::string(note.schema));
  for (const std::string& name : more->getNames()) {
    out.set(name, more->get(name));
  }
}

bool is_secret(const Node& node) {
  return node.key != nullptr && node.key->kind == Kind::kText &&
         is_secret_key(node.path.substr(node.path.rfind('.') + 1));
}

Object::Ptr schema_of(const Node& node);

void set_members(Object& out, const Node& node) {
  const std::string& first = node.members.front().first;
  if (first == "[0]") {
    out.set("type", list("array", "null"));
    out.set("items", schema_of(*node.members.front().second));
    return;
  }
  out.set("type", list("object", "null"));
  if (first == "*") {
    Object::Ptr names = ordered_object();
    names->set("pattern", kNamePattern);
    if (node.path != "schemas.events") {
      out.set("propertyNames", names);
    }
    out.set("additionalProperties", schema_of(*node.members.front().second));
    return;
  }
  Object::Ptr properties = ordered_object();
  for (const auto& [name, member] : node.members) {
    properties->set(name, schema_of(*member));
  }
  out.set("properties", properties);
  out.set("additionalProperties", false);
}

/// `retry: name` or `retry: {…}`.
Object::Ptr named_or_inline(Object::Ptr described, const Node& node) {
  Object::Ptr name = ordered_object();
  name->set("description", "The name of a policy");
  name->set("type", list("string", "number"));
  Object::Ptr values = ordered_object();
  set_members(*values, node);
  described->set("anyOf", list(name, values));
  return described;
}

Object::Ptr schema_of(const Node& node) {
  Object::Ptr out = ordered_object();
  const KeyNote* const note = find_key_note(node.path);
  if (note != nullptr) {
    out->set("description", std::string(note->description));
  }
  if (node.path == "subscribers.*.retry" || node.path == "subscribers.*.dead_letter") {
    return named_or_inline(out, node);
  }
  if (!node.members.empty()) {
    set_members(*out, node);
  } else if (node.key != nullptr) {
    set_scalar(*out, *node.key);
  }
  if (is_secret(node)) {
    out->set("x-secret", true);
  }
  if (note != nullptr) {
    add_note(*out, *note);
  }
  return out;
}

std::string definition_of(const PluginSchema& plugin) {
  return "plugin:" + plugin.type;
}

/// `plugin` is one of the types; each decides what its `config` may hold.
void add_plugins(Object::Ptr root, const std::vector<PluginSchema>& plugins) {
  Object::Ptr definitions = root->getObject("definitions");
  Object::Ptr subscriber =
      root->getObject("properties")->getObject("subscribers")->getObject("additionalProperties");
  Array::Ptr types = new Array();
  Array::Ptr rules = new Array();
  for (const PluginSchema& plugin : plugins) {
    const std::string place = "#/definitions/" + definition_of(plugin);
    const Object::Ptr schema = embedded_schema(plugin.schema_json, place);
    types->add(plugin.type);
    if (!schema) {
      continue;
    }
    definitions->set(definition_of(plugin), schema);
    const Array::Ptr required = schema->getArray("required");
    std::ostringstream rule;
    rule << R"({"if": {"properties": {"plugin": {"const": ")" << plugin.type
         << R"("}}, "required": ["plugin"]}, "then": {"properties": {"config": {"$ref": ")" << place
         << R"("}})" << (required && required->size() > 0 ? R"(, "required": ["config"])" : "")
         << "}}";
    rules->add(parse_in_order(rule.str()));
  }
  if (types->size() > 0) {
    Object::Ptr known = ordered_object();
    known->set("enum", types);
    Object::Ptr interpolated = ordered_object();
    interpolated->set("type", "string");
    interpolated->set("pattern", kInterpolated);
    Object::Ptr plugin = subscriber->getObject("properties")->getObject("plugin");
    plugin->remove("type");
    plugin->remove("minLength");
    plugin->set("anyOf", list(known, interpolated));
    subscriber->set("allOf", rules);
  }
}

Object::Ptr event_type_schema(const std::vector<std::string_view>& event_types) {
  Array::Ptr known = new Array();
  for (const std::string_view type : event_types) {
    known->add(std::string(type));
  }
  Object::Ptr suggestions = ordered_object();
  suggestions->set("enum", known);
  Object::Ptr others = ordered_object();
  others->set("type", "string");
  Object::Ptr out = ordered_object();
  out->set("description", "A known event type, or one of your own");
  out->set("anyOf", list(suggestions, others));
  return out;
}

}  // namespace

std::string config_schema(const std::vector<PluginSchema>& plugins,
                          const std::vector<std::string_view>& event_types) {
  const ReaderKeys keys = all_reader_keys();
  Node tree;
  for (const ReaderKey& key : keys) {
    add_to_tree(tree, key);
  }
  Object::Ptr root = ordered_object();
  root->set("$schema", "http://json-schema.org/draft-07/schema#");
  root->set("title", "Configuration of aragora-events");
  root->set("description",
            "Made by `aragora-events config schema` from the reader and the installed plugins");
  const Object::Ptr body = schema_of(tree);
  root->set("type", "object");
  root->set("additionalProperties", false);
  root->set("properties", body->get("properties"));
  Object::Ptr definitions = parse_in_order(std::string(pattern_language_definitions()));
  definitions->set("event_type", event_type_schema(event_types));
  root->set("definitions", definitions);
  add_plugins(root, plugins);
  std::ostringstream out;
  root->stringify(out, 1);
  return out.str() + "\n";
}

}  // namespace aev::config
