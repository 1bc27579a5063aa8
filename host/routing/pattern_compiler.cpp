#include "routing/pattern_compiler.h"

#include <algorithm>
#include <map>

#include "routing/json_tree.h"
#include "routing/operator_compiler.h"

namespace aev::routing {
namespace {

constexpr int kMaxDepth = 64;

/// What one way through the pattern's `$or`s asks of each field. `matchers` are none if only
/// absence will do.
struct Wanted {
  bool may_be_absent = false;
  std::shared_ptr<const std::vector<Matcher>> matchers;
};

using Way = std::map<FieldPath, Wanted>;

class PatternCompiler {
 public:
  explicit PatternCompiler(PatternErrors& errors) : errors_(errors) {}

  std::vector<Way> compile(const JsonTree& root) {
    std::vector<Way> ways(1);
    object(root, {}, {}, false, ways);
    return ways;
  }

 private:
  /// Adds what an object asks for to every way.
  void object(const JsonTree& from,
              const FieldPath& path,
              const std::string& pointer,
              bool inside_or,
              std::vector<Way>& ways) {
    if (from.names.empty()) {
      errors_.add(pointer, "an empty pattern says nothing; leave it out to match every event");
    }
    for (std::size_t i = 0; i < from.names.size(); ++i) {
      const std::string& name = from.names[i];
      const JsonTree& value = from.elements[i];
      const std::string at = pointer + pointer_step(name);
      if (name == "$or") {
        branches(value, path, at, ways);
        continue;
      }
      const FieldPath field_path = path.empty() ? name : path + "." + name;
      if (inside_or && is_reserved_in_or(name)) {
        errors_.add(at, "`" + name +
                            "` cannot name a field inside `$or`; an operator belongs into a "
                            "field's list: {\"field\": [{\"" +
                            name + "\": …}]}");
      } else if (value.kind == JsonTree::Kind::kObject) {
        object(value, field_path, at, inside_or, ways);
      } else {
        field(value, field_path, at, ways);
      }
    }
  }

  /// Multiplies the ways by the branches.
  void branches(const JsonTree& from,
                const FieldPath& path,
                const std::string& pointer,
                std::vector<Way>& ways) {
    if (from.kind != JsonTree::Kind::kArray || from.elements.size() < 2) {
      errors_.add(pointer, "`$or` needs a list of at least two patterns");
      return;
    }
    std::vector<Way> all;
    for (std::size_t i = 0; i < from.elements.size(); ++i) {
      const std::string at = pointer + "/" + std::to_string(i);
      if (from.elements[i].kind != JsonTree::Kind::kObject) {
        errors_.add(at, "each branch of `$or` is a pattern, for example {\"source\": [\"ci\"]}");
        continue;
      }
      std::vector<Way> through = ways;
      object(from.elements[i], path, at, true, through);
      if (all.size() + through.size() > kMaxConjunctions) {
        errors_.add(pointer, "the `$or`s make more than " + std::to_string(kMaxConjunctions) +
                                 " combinations; make several routes of this one");
        return;
      }
      std::move(through.begin(), through.end(), std::back_inserter(all));
    }
    ways = std::move(all);
  }

  void field(const JsonTree& from,
             const FieldPath& path,
             const std::string& pointer,
             std::vector<Way>& ways) {
    if (from.kind != JsonTree::Kind::kArray) {
      errors_.add(pointer, "the values of a field are a list: write [" + from.write() + "]");
      return;
    }
    if (from.elements.empty()) {
      errors_.add(pointer,
                  "an empty list matches nothing; {\"exists\": false} is met by a field "
                  "that is not there");
      return;
    }
    Wanted wanted;
    std::vector<Matcher> matchers;
    for (std::size_t i = 0; i < from.elements.size(); ++i) {
      std::optional<CompiledElement> element =
          compile_element(from.elements[i], pointer + "/" + std::to_string(i), errors_);
      if (!element) {
        continue;
      }
      if (element->absent) {
        wanted.may_be_absent = true;
      } else {
        matchers.push_back(std::move(element->matcher));
      }
    }
    if (!matchers.empty()) {
      wanted.matchers = std::make_shared<const std::vector<Matcher>>(std::move(matchers));
    }
    for (Way& way : ways) {
      if (!way.emplace(path, wanted).second) {
        errors_.add(pointer, "`" + path +
                                 "` is asked for twice, here and before; put all of its "
                                 "values into one list");
        return;
      }
    }
  }

  PatternErrors& errors_;
};

/// A field that may be absent or have a value makes two conjunctions of one.
void add_conjunctions(const Way& way, Pattern& pattern) {
  const std::size_t first = pattern.size();
  pattern.emplace_back();
  for (const auto& [path, wanted] : way) {
    const std::size_t last = pattern.size();
    for (std::size_t i = first; i < last && pattern.size() <= kMaxConjunctions; ++i) {
      if (wanted.may_be_absent && wanted.matchers) {
        pattern.push_back(pattern[i]);
        pattern.back().push_back({path, false, wanted.matchers});
      }
      pattern[i].push_back(
          {path, wanted.may_be_absent, wanted.may_be_absent ? nullptr : wanted.matchers});
    }
  }
}

}  // namespace

std::optional<Pattern> compile_pattern(const std::string& route,
                                       std::string_view match_json,
                                       std::vector<PatternError>& errors) {
  const std::size_t errors_before = errors.size();
  PatternErrors report(route, errors);
  const Result<JsonTree> root = JsonTree::read(match_json, kMaxDepth);
  if (!root) {
    report.add({}, root.error().message);
    return std::nullopt;
  }
  if (root->kind != JsonTree::Kind::kObject) {
    report.add({}, "must be an object from fields to lists of values");
    return std::nullopt;
  }
  const std::vector<Way> ways = PatternCompiler(report).compile(*root);
  if (errors.size() > errors_before) {
    return std::nullopt;
  }
  Pattern pattern;
  for (const Way& way : ways) {
    if (way.size() > kMaxConditions) {
      report.add({}, "asks for more than " + std::to_string(kMaxConditions) +
                         " fields at once; ask for fewer");
      return std::nullopt;
    }
    add_conjunctions(way, pattern);
    if (pattern.size() > kMaxConjunctions) {
      report.add({}, "the `$or`s and the fields that may be absent make more than " +
                         std::to_string(kMaxConjunctions) +
                         " combinations; make several routes of this one");
      return std::nullopt;
    }
  }
  return pattern;
}

}  // namespace aev::routing
