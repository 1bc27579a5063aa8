#include "routing/operator_compiler.h"

#include <array>
#include <functional>

#include "config/config.h"
#include "routing/case_fold.h"

namespace aev::routing {
namespace {

namespace dom = simdjson::dom;

constexpr std::string_view kSupported =
    "prefix, suffix, equals-ignore-case, wildcard, anything-but, numeric, exists, cidr";

std::optional<std::string> text_of(dom::element element) {
  std::string_view text;
  if (element.get(text) != simdjson::SUCCESS) {
    return std::nullopt;
  }
  return std::string(text);
}

Matcher exact_matcher(const Leaf& leaf) {
  Matcher out;
  out.kind = Matcher::Kind::kExact;
  out.type = leaf.type;
  out.text = leaf.text;
  out.number = leaf.number;
  return out;
}

/// The single member of an operator object.
struct Operator {
  std::string name;
  dom::element argument;
  std::string pointer;  // of the argument
};

class OperatorCompiler {
 public:
  explicit OperatorCompiler(PatternErrors& errors) : errors_(errors) {}

  std::optional<Matcher> compile(dom::element element, const std::string& pointer) {
    if (const std::optional<Leaf> leaf = leaf_of(element)) {
      return exact_matcher(*leaf);
    }
    const std::optional<Operator> given = single_member(element, pointer);
    if (!given) {
      return std::nullopt;
    }
    if (given->name == "numeric") {
      return numeric(*given);
    }
    if (given->name == "exists") {
      return exists(*given);
    }
    if (given->name == "anything-but") {
      return anything_but(*given);
    }
    return text_operator(*given);
  }

 private:
  std::optional<Operator> single_member(dom::element element, const std::string& pointer) {
    dom::object object;
    if (element.get(object) != simdjson::SUCCESS) {
      errors_.add(pointer, "a list inside the list of values has no meaning");
      return std::nullopt;
    }
    if (object.size() != 1) {
      errors_.add(pointer, "must hold exactly one operator, for example {\"prefix\": \"a\"}");
      return std::nullopt;
    }
    const dom::key_value_pair member = *object.begin();
    return Operator{std::string(member.key), member.value, pointer + pointer_step(member.key)};
  }

  std::optional<Matcher> failed(const std::string& pointer, std::string message) {
    errors_.add(pointer, std::move(message));
    return std::nullopt;
  }

  std::optional<Matcher> text_operator(const Operator& given) {
    Matcher out;
    if (given.name == "prefix" || given.name == "suffix") {
      out.kind = given.name == "prefix" ? Matcher::Kind::kPrefix : Matcher::Kind::kSuffix;
      return affix(given, std::move(out));
    }
    if (given.name != "equals-ignore-case" && given.name != "wildcard" && given.name != "cidr") {
      return unknown(given);
    }
    const std::optional<std::string> text = text_of(given.argument);
    if (!text) {
      return failed(given.pointer, "`" + given.name + "` needs a string");
    }
    if (given.name == "equals-ignore-case") {
      out.kind = Matcher::Kind::kEqualsIgnoreCase;
      out.text = fold_case(*text);
      return out;
    }
    if (given.name == "wildcard") {
      Result<Wildcard> wildcard = Wildcard::compile(*text);
      if (!wildcard) {
        return failed(given.pointer, wildcard.error().message);
      }
      out.kind = Matcher::Kind::kWildcard;
      out.wildcard = std::move(*wildcard);
      return out;
    }
    const Result<IpRange> range = IpRange::parse(*text);
    if (!range) {
      return failed(given.pointer, range.error().message);
    }
    out.kind = Matcher::Kind::kCidr;
    out.range = *range;
    return out;
  }

  /// `"text"` or `{"equals-ignore-case": "text"}`.
  std::optional<Matcher> affix(const Operator& given, Matcher out) {
    std::optional<std::string> text = text_of(given.argument);
    std::string pointer = given.pointer;
    if (!text && given.argument.is_object()) {
      const std::optional<Operator> inner = single_member(given.argument, given.pointer);
      if (!inner) {
        return std::nullopt;
      }
      pointer = inner->pointer;
      if (inner->name != "equals-ignore-case") {
        return failed(pointer, "inside `" + given.name + "` only equals-ignore-case is supported");
      }
      text = text_of(inner->argument);
      out.ignore_case = true;
    }
    if (!text) {
      return failed(pointer, "`" + given.name + "` needs a string");
    }
    if (text->empty()) {
      return failed(pointer, "an empty `" + given.name +
                                 "` would match every string; use {\"exists\": true}");
    }
    out.text = out.ignore_case ? fold_case(*text) : std::move(*text);
    return out;
  }

  std::optional<Matcher> unknown(const Operator& given) {
    static constexpr std::array<const char*, 8> kNames{
        "prefix", "suffix", "equals-ignore-case", "wildcard", "anything-but", "numeric",
        "exists", "cidr"};
    const std::string meant = config::did_you_mean(given.name, {kNames.begin(), kNames.end()});
    return failed(given.pointer, "the operator `" + given.name +
                                     "` is not supported by this version; supported are " +
                                     std::string(kSupported) +
                                     (meant.empty() ? "" : "; did you mean `" + meant + "`?"));
  }

  std::optional<Matcher> exists(const Operator& given) {
    bool wanted = false;
    if (given.argument.get(wanted) != simdjson::SUCCESS) {
      return failed(given.pointer, "`exists` needs true or false");
    }
    Matcher out;
    out.kind = wanted ? Matcher::Kind::kExists : Matcher::Kind::kAbsent;
    return out;
  }

  std::optional<Matcher> numeric(const Operator& given) {
    constexpr std::string_view kForm =
        "must be [\"=\", n], one of <, <=, >, >= and a number, or a range such as "
        "[\">\", 0, \"<=\", 5]";
    dom::array terms;
    if (given.argument.get(terms) != simdjson::SUCCESS ||
        (terms.size() != 2 && terms.size() != 4)) {
      return failed(given.pointer, std::string(kForm));
    }
    Matcher out;
    out.kind = Matcher::Kind::kNumeric;
    for (std::size_t i = 0; i < terms.size(); i += 2) {
      const std::string at = given.pointer + "/" + std::to_string(i);
      const std::optional<std::string> sign = text_of(terms.at(i).value_unsafe());
      const std::optional<Leaf> number = leaf_of(terms.at(i + 1).value_unsafe());
      if (!number || number->type != Leaf::Type::kNumber) {
        return failed(given.pointer + "/" + std::to_string(i + 1), "must be a number");
      }
      if (!sign || !bound(*sign, number->number, terms.size() == 4, out)) {
        return failed(at, std::string(kForm));
      }
    }
    if (terms.size() == 4 && !(out.low < out.high)) {
      return failed(given.pointer, "no number is in this range: the lower end must be less");
    }
    return out;
  }

  /// In a range the lower end comes first.
  static bool bound(const std::string& sign, long double number, bool range, Matcher& out) {
    if (sign == "=" && !range) {
      out.has_low = out.has_high = out.low_included = out.high_included = true;
      out.low = out.high = number;
      return true;
    }
    if ((sign == ">" || sign == ">=") && !out.has_low) {
      out.has_low = true;
      out.low_included = sign == ">=";
      out.low = number;
      return true;
    }
    if ((sign == "<" || sign == "<=") && !out.has_high && (!range || out.has_low)) {
      out.has_high = true;
      out.high_included = sign == "<=";
      out.high = number;
      return true;
    }
    return false;
  }

  std::optional<Matcher> anything_but(const Operator& given) {
    Matcher out;
    out.kind = Matcher::Kind::kAnythingBut;
    if (given.argument.is_object()) {
      return anything_but_operator(given, std::move(out));
    }
    dom::array list;
    if (given.argument.get(list) != simdjson::SUCCESS) {
      const std::optional<Leaf> leaf = leaf_of(given.argument);
      if (!leaf || !is_text_or_number(*leaf)) {
        return failed(given.pointer, "`anything-but` needs a string, a number, or a list of one");
      }
      out.but.push_back(exact_matcher(*leaf));
      return out;
    }
    std::size_t index = 0;
    for (const dom::element each : list) {
      const std::string pointer = given.pointer + "/" + std::to_string(index++);
      const std::optional<Leaf> leaf = leaf_of(each);
      if (!leaf || !is_text_or_number(*leaf) ||
          (!out.but.empty() && out.but.front().type != leaf->type)) {
        return failed(pointer, "an `anything-but` list holds either strings or numbers");
      }
      out.but.push_back(exact_matcher(*leaf));
    }
    if (out.but.empty()) {
      return failed(given.pointer, "an empty `anything-but` list excludes nothing");
    }
    return out;
  }

  static bool is_text_or_number(const Leaf& leaf) {
    return leaf.type == Leaf::Type::kString || leaf.type == Leaf::Type::kNumber;
  }

  /// `{"anything-but": {"prefix": "a"}}`, or a list of such arguments.
  std::optional<Matcher> anything_but_operator(const Operator& given, Matcher out) {
    const std::optional<Operator> inner = single_member(given.argument, given.pointer);
    if (!inner) {
      return std::nullopt;
    }
    if (inner->name != "prefix" && inner->name != "suffix" && inner->name != "wildcard" &&
        inner->name != "equals-ignore-case") {
      return failed(inner->pointer, "inside `anything-but`, `" + inner->name +
                                        "` is not supported by this version; supported are prefix, "
                                        "suffix, equals-ignore-case and wildcard");
    }
    std::vector<Operator> alternatives;
    dom::array list;
    if (inner->argument.get(list) == simdjson::SUCCESS) {
      for (const dom::element each : list) {
        alternatives.push_back(
            {inner->name, each, inner->pointer + "/" + std::to_string(alternatives.size())});
      }
    } else {
      alternatives.push_back(*inner);
    }
    if (alternatives.empty()) {
      return failed(inner->pointer, "an empty list excludes nothing");
    }
    for (const Operator& each : alternatives) {
      std::optional<Matcher> matcher = text_operator(each);
      if (!matcher) {
        return std::nullopt;
      }
      out.but.push_back(std::move(*matcher));
    }
    return out;
  }

  PatternErrors& errors_;
};

}  // namespace

std::optional<Leaf> leaf_of(dom::element element) {
  Leaf out;
  switch (element.type()) {
    case dom::element_type::STRING:
      out.type = Leaf::Type::kString;
      out.text = element.get_string().value_unsafe();
      return out;
    case dom::element_type::INT64:
      out.type = Leaf::Type::kNumber;
      out.number = static_cast<long double>(element.get_int64().value_unsafe());
      return out;
    case dom::element_type::UINT64:
      out.type = Leaf::Type::kNumber;
      out.number = static_cast<long double>(element.get_uint64().value_unsafe());
      return out;
    case dom::element_type::DOUBLE:
      out.type = Leaf::Type::kNumber;
      out.number = static_cast<long double>(element.get_double().value_unsafe());
      return out;
    case dom::element_type::BOOL:
      out.type = element.get_bool().value_unsafe() ? Leaf::Type::kTrue : Leaf::Type::kFalse;
      return out;
    case dom::element_type::NULL_VALUE:
      return out;
    default:
      return std::nullopt;
  }
}

std::string pointer_step(std::string_view name) {
  std::string out = "/";
  for (const char each : name) {
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

std::optional<Matcher> compile_matcher(dom::element element,
                                       const std::string& pointer,
                                       PatternErrors& errors) {
  return OperatorCompiler(errors).compile(element, pointer);
}

}  // namespace aev::routing
