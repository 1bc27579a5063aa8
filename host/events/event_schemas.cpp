#include "events/event_schemas.h"

#include <algorithm>
#include <fstream>
#include <sstream>
#include <system_error>

#include <boost/json.hpp>

namespace aev::events {
namespace {

namespace fs = std::filesystem;
namespace json = boost::json;

std::string text_member(const json::object& object, const char* name) {
  const json::value* const member = object.if_contains(name);
  return member != nullptr && member->is_string() ? std::string(member->get_string().c_str())
                                                  : std::string();
}

json::value parse(std::string_view text, json::error_code& failure) {
  return json::parse(json::string_view(text.data(), text.size()), failure);
}

/// Where `text` ceases to be JSON.
void locate_syntax_error(std::string_view text, SchemaFileError& error) {
  json::error_code failure;
  json::stream_parser parser;
  const std::size_t good = parser.write_some(json::string_view(text.data(), text.size()), failure);
  if (!failure) {
    parser.finish(failure);  // a document that ends too early
  }
  if (!failure) {
    return;
  }
  const std::string_view before = text.substr(0, good);
  const std::size_t line_start = before.rfind('\n') + 1;  // npos + 1 is 0
  error.line = 1 + static_cast<int>(std::count(before.begin(), before.end(), '\n'));
  error.column = 1 + static_cast<int>(before.size() - line_start);
}

/// The value that `pointer` (RFC 6901) leads to; null if nothing is there.
const json::value* at_pointer(const json::value& root, const std::string& pointer) {
  json::error_code failure;
  const json::value* const found =
      root.find_pointer(json::string_view(pointer.data(), pointer.size()), failure);
  return failure ? nullptr : found;
}

/// The part of a schema that speaks of the value at `pointer`; null if none does in plain words.
const json::value* schema_at(const json::value& schema, std::string_view pointer) {
  const json::value* at = &schema;
  while (!pointer.empty() && at != nullptr && at->is_object()) {
    pointer.remove_prefix(1);
    const std::string_view step = pointer.substr(0, pointer.find('/'));
    pointer.remove_prefix(step.size());
    const json::object& object = at->get_object();
    const json::value* const properties = object.if_contains("properties");
    const json::value* next = nullptr;
    if (properties != nullptr && properties->is_object()) {
      next = properties->get_object().if_contains(json::string_view(step.data(), step.size()));
    }
    at = next != nullptr ? next : object.if_contains("items");
  }
  return at;
}

/// `Expected integer`, `Expected string or null`: of the schema of the value at `pointer`.
std::string expected_type(const json::value& schema, std::string_view pointer) {
  const json::value* const at = schema_at(schema, pointer);
  const json::value* const type =
      at != nullptr && at->is_object() ? at->get_object().if_contains("type") : nullptr;
  if (type == nullptr) {
    return "Another type is expected";
  }
  if (type->is_string()) {
    return "Expected " + std::string(type->get_string().c_str());
  }
  std::string text;
  for (const json::value& each : type->get_array()) {
    text += (text.empty() ? "Expected " : " or ") + std::string(each.get_string().c_str());
  }
  return text;
}

/// The spellings of a member of which a schema wants one, `voted_for or vote`: an `anyOf` of
/// `required` with one name each. Just the name if there is but one spelling.
std::string spellings(const json::value& schema, const std::string& name) {
  const json::value* const rules = schema.get_object().if_contains("allOf");
  for (std::size_t i = 0; rules != nullptr && rules->is_array() && i < rules->get_array().size();
       ++i) {
    const json::value& rule = rules->get_array()[i];
    const json::value* const choices =
        rule.is_object() ? rule.get_object().if_contains("anyOf") : nullptr;
    std::string names;
    bool named = false;
    for (std::size_t k = 0;
         choices != nullptr && choices->is_array() && k < choices->get_array().size(); ++k) {
      const json::value* const required =
          choices->get_array()[k].is_object()
              ? choices->get_array()[k].get_object().if_contains("required")
              : nullptr;
      if (required == nullptr || !required->is_array() || required->get_array().size() != 1 ||
          !required->get_array()[0].is_string()) {
        continue;
      }
      const std::string each = required->get_array()[0].get_string().c_str();
      names += (names.empty() ? "" : " or ") + each;
      named = named || each == name;
    }
    if (named) {
      return names;
    }
  }
  return name;
}

/// True for what only says that a part was wrong, which the part's own violation says better.
bool is_consequence(std::string_view description) {
  return description.starts_with("Failed to validate against") ||
         description.starts_with("Failed to validate item #");
}

constexpr std::string_view kMissing = "Missing required property '";
constexpr std::string_view kWrongType = "Value type not permitted";

}  // namespace

std::shared_ptr<const EventSchemas> EventSchemas::load(const std::vector<fs::path>& folders,
                                                       std::vector<SchemaFileError>& errors) {
  auto schemas = std::make_shared<EventSchemas>();
  for (const fs::path& folder : folders) {
    std::error_code failure;
    std::vector<fs::path> files;
    for (fs::directory_iterator entry(folder, failure);
         !failure && entry != fs::directory_iterator(); entry.increment(failure)) {
      if (entry->path().extension() == ".json") {
        files.push_back(entry->path());
      }
    }
    if (failure && failure != std::errc::no_such_file_or_directory) {
      errors.push_back({folder, "cannot be read: " + failure.message()});
      continue;
    }
    std::sort(files.begin(), files.end());
    for (const fs::path& file : files) {
      std::ifstream in(file, std::ios::binary);
      std::stringstream text;
      text << in.rdbuf();
      if (!in) {
        errors.push_back({file, "cannot be read"});
        continue;
      }
      EventSchema schema{file.stem().string(), {}, {}, file, text.str()};
      auto compiled = JsonSchema::compile(schema.json);
      if (!compiled) {
        SchemaFileError error{file, compiled.error().message};
        locate_syntax_error(schema.json, error);
        errors.push_back(std::move(error));
        continue;
      }
      json::error_code bad;
      const json::value root = parse(schema.json, bad);
      if (root.is_object()) {
        schema.title = text_member(root.get_object(), "title");
        schema.group = text_member(root.get_object(), "x-group");
      }
      std::string type = schema.event_type;
      schemas->entries_.insert_or_assign(std::move(type),
                                         Entry{std::move(schema), std::move(*compiled)});
    }
  }
  return schemas;
}

const EventSchema* EventSchemas::find(std::string_view event_type) const {
  const auto found = entries_.find(event_type);
  return found == entries_.end() ? nullptr : &found->second.schema;
}

std::vector<const EventSchema*> EventSchemas::all() const {
  std::vector<const EventSchema*> all;
  for (const auto& [type, entry] : entries_) {
    all.push_back(&entry.schema);
  }
  return all;
}

bool EventSchemas::accepts(std::string_view event_type, std::string_view data_json) const {
  const auto found = entries_.find(event_type);
  if (found == entries_.end()) {
    return true;
  }
  const auto fits = found->second.compiled.accepts(data_json.empty() ? "null" : data_json);
  return fits && *fits;
}

std::vector<SchemaFault> EventSchemas::validate(std::string_view event_type,
                                                std::string_view data_json) const {
  const std::string_view data = data_json.empty() ? "null" : data_json;
  const auto found = entries_.find(event_type);
  if (found == entries_.end() || accepts(event_type, data)) {
    return {};
  }
  json::error_code failure;
  const json::value root = parse(data, failure);
  if (failure) {
    return {{{}, "data is not JSON: " + failure.message(), {}}};
  }
  std::vector<SchemaFault> faults;
  const auto violations = found->second.compiled.violations(data);
  if (!violations) {
    return {{{}, violations.error().message, {}}};
  }
  const json::value schema = parse(found->second.schema.json, failure);
  for (const SchemaViolation& violation : *violations) {
    const std::string_view description = violation.description;
    SchemaFault fault{violation.pointer, violation.description, {}};
    if (is_consequence(description)) {
      continue;
    }
    if (description.starts_with(kMissing)) {
      const std::string_view rest = description.substr(kMissing.size());
      const std::string name = spellings(schema, std::string(rest.substr(0, rest.find('\''))));
      fault.field += "/" + name.substr(0, name.find(' '));
      fault.message = "Required field is missing: " + name;
    } else if (description.starts_with(kWrongType)) {
      fault.message = expected_type(schema, violation.pointer);
    }
    const json::value* const value = at_pointer(root, fault.field);
    if (value != nullptr && !value->is_object() && !value->is_array()) {
      fault.value = json::serialize(*value);
    }
    const bool told = std::any_of(faults.begin(), faults.end(), [&](const SchemaFault& other) {
      return other.field == fault.field && other.message == fault.message;
    });
    if (!told) {
      faults.push_back(std::move(fault));
    }
  }
  if (faults.empty()) {
    faults.push_back({{}, "does not fit the schema of " + std::string(event_type), {}});
  }
  return faults;
}

}  // namespace aev::events
