#include "routing/pattern_compiler.h"

#include <simdjson.h>

#include "core/json_text.h"
#include "routing/operator_compiler.h"

namespace aev::routing {
namespace {

namespace dom = simdjson::dom;

constexpr int kMaxDepth = 64;

class PatternCompiler {
 public:
  explicit PatternCompiler(PatternErrors& errors) : errors_(errors) {}

  Pattern object(dom::object from, const std::string& pointer, int depth) {
    Pattern out;
    if (from.size() == 0) {
      errors_.add(pointer, "an empty pattern says nothing; leave it out to match every event");
    }
    if (depth > kMaxDepth) {
      errors_.add(pointer, "nested more than " + std::to_string(kMaxDepth) + " levels deep");
      return out;
    }
    for (const dom::key_value_pair member : from) {
      const std::string at = pointer + pointer_step(member.key);
      if (member.key == "$or") {
        out.any_of.push_back(branches(member.value, at, depth));
      } else {
        out.fields.push_back(field(std::string(member.key), member.value, at, depth));
      }
    }
    return out;
  }

 private:
  std::vector<Pattern> branches(dom::element from, const std::string& pointer, int depth) {
    std::vector<Pattern> out;
    dom::array list;
    if (from.get(list) != simdjson::SUCCESS || list.size() < 2) {
      errors_.add(pointer, "`$or` needs a list of at least two patterns");
      return out;
    }
    for (const dom::element each : list) {
      const std::string at = pointer + "/" + std::to_string(out.size());
      dom::object branch;
      out.emplace_back();
      if (each.get(branch) != simdjson::SUCCESS) {
        errors_.add(at, "each branch of `$or` is a pattern, for example {\"source\": [\"ci\"]}");
      } else {
        out.back() = object(branch, at, depth + 1);
      }
    }
    return out;
  }

  PatternField field(std::string name, dom::element from, const std::string& pointer, int depth) {
    PatternField out;
    out.name = std::move(name);
    dom::object nested;
    dom::array list;
    if (from.get(nested) == simdjson::SUCCESS) {
      out.nested.push_back(object(nested, pointer, depth + 1));
    } else if (from.get(list) != simdjson::SUCCESS) {
      errors_.add(pointer,
                  "the values of a field are a list: write [" + simdjson::minify(from) + "]");
    } else {
      if (list.size() == 0) {
        errors_.add(pointer, "an empty list matches nothing");
      }
      std::size_t index = 0;
      for (const dom::element each : list) {
        std::optional<Matcher> matcher =
            compile_matcher(each, pointer + "/" + std::to_string(index++), errors_);
        if (matcher) {
          out.matchers.push_back(std::move(*matcher));
        }
      }
    }
    return out;
  }

  PatternErrors& errors_;
};

}  // namespace

std::optional<Pattern> compile_pattern(const std::string& route,
                                       std::string_view match_json,
                                       std::vector<PatternError>& errors) {
  const std::size_t errors_before = errors.size();
  PatternErrors report(route, errors);
  dom::parser parser;
  dom::element root;
  const simdjson::error_code failure = parser.parse(match_json.data(), match_json.size()).get(root);
  dom::object object;
  if (failure != simdjson::SUCCESS) {
    report.add({}, std::string("is not JSON: ") + simdjson::error_message(failure));
  } else if (root.get(object) != simdjson::SUCCESS) {
    report.add({}, "must be an object from fields to lists of values");
  } else {
    Pattern pattern = PatternCompiler(report).object(object, {}, 1);
    if (errors.size() == errors_before) {
      return pattern;
    }
  }
  return std::nullopt;
}

}  // namespace aev::routing
