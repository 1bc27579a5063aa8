#include "routing/pattern_match.h"

#include <algorithm>

#include "routing/operator_compiler.h"

namespace aev::routing {
namespace {

namespace dom = simdjson::dom;

/// The fields of an object inside an event; without one, nothing but absent fields.
class ObjectFields {
 public:
  ObjectFields() = default;

  explicit ObjectFields(dom::object object) : object_(object), present_(true) {}

  [[nodiscard]] FieldValue field(std::string_view name) const {
    FieldValue out;
    if (present_ && object_.at_key(name).get(out.json) == simdjson::SUCCESS) {
      out.kind = FieldValue::Kind::kJson;
    }
    return out;
  }

 private:
  dom::object object_;
  bool present_ = false;
};

bool any_matches(const std::vector<Matcher>& matchers, const Leaf& leaf) {
  return std::any_of(matchers.begin(), matchers.end(),
                     [&leaf](const Matcher& matcher) { return matcher.matches(leaf); });
}

/// Lists are looked through to any depth; an object in one is no value. Sets `seen` at the first
/// leaf.
bool any_leaf_matches(const std::vector<Matcher>& matchers, dom::element json, bool& seen) {
  dom::array list;
  if (json.get(list) == simdjson::SUCCESS) {
    for (const dom::element each : list) {
      if (any_leaf_matches(matchers, each, seen)) {
        return true;
      }
    }
    return false;
  }
  const std::optional<Leaf> leaf = leaf_of(json);
  seen = seen || leaf.has_value();
  return leaf && any_matches(matchers, *leaf);
}

bool values_match(const std::vector<Matcher>& matchers, const FieldValue& value) {
  bool seen = value.kind == FieldValue::Kind::kLeaf;
  if (seen && any_matches(matchers, value.leaf)) {
    return true;
  }
  if (value.kind == FieldValue::Kind::kJson && any_leaf_matches(matchers, value.json, seen)) {
    return true;
  }
  return !seen && std::any_of(matchers.begin(), matchers.end(), [](const Matcher& matcher) {
    return matcher.kind == Matcher::Kind::kAbsent;
  });
}

template <typename Fields>
bool all_match(const Pattern& pattern, Fields& fields);

/// All fields of a nested pattern must be met by one and the same object of a list. Sets `seen` at
/// the first object.
bool any_object_matches(const Pattern& pattern, dom::element json, bool& seen) {
  dom::array list;
  if (json.get(list) == simdjson::SUCCESS) {
    for (const dom::element each : list) {
      if (any_object_matches(pattern, each, seen)) {
        return true;
      }
    }
    return false;
  }
  dom::object object;
  if (json.get(object) != simdjson::SUCCESS) {
    return false;
  }
  seen = true;
  const ObjectFields fields(object);
  return all_match(pattern, fields);
}

bool nested_matches(const Pattern& pattern, const FieldValue& value) {
  bool seen = false;
  if (value.kind == FieldValue::Kind::kJson && any_object_matches(pattern, value.json, seen)) {
    return true;
  }
  // Without an object there, `exists: false` still holds for everything in it.
  const ObjectFields none;
  return !seen && all_match(pattern, none);
}

template <typename Fields>
bool all_match(const Pattern& pattern, Fields& fields) {
  for (const PatternField& field : pattern.fields) {
    const FieldValue value = fields.field(field.name);
    if (field.nested.empty() ? !values_match(field.matchers, value)
                             : !nested_matches(field.nested.front(), value)) {
      return false;
    }
  }
  return std::all_of(pattern.any_of.begin(), pattern.any_of.end(),
                     [&fields](const std::vector<Pattern>& branches) {
                       return std::any_of(
                           branches.begin(), branches.end(),
                           [&fields](const Pattern& branch) { return all_match(branch, fields); });
                     });
}

}  // namespace

bool matches(const Pattern& pattern, EventView& event) {
  return all_match(pattern, event);
}

bool matches(const Pattern& pattern, dom::element canonical) {
  dom::object object;
  if (canonical.get(object) != simdjson::SUCCESS) {
    return false;
  }
  const ObjectFields fields(object);
  return all_match(pattern, fields);
}

}  // namespace aev::routing
