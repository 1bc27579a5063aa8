#include "routing/operator_compiler.h"

#include <algorithm>
#include <array>

#include "config/config.h"
#include "routing/case_fold.h"

namespace aev::routing {
namespace {

constexpr std::array<std::string_view, 9> kOperators{
    "prefix", "suffix", "equals-ignore-case", "wildcard", "anything-but", "numeric", "exists",
    "cidr",   "exactly"};

/// The operators, and words that the language keeps for later ones.
constexpr std::array<std::string_view, 24> kReserved{"exactly",
                                                     "equals-ignore-case",
                                                     "prefix",
                                                     "suffix",
                                                     "anything-but",
                                                     "exists",
                                                     "wildcard",
                                                     "numeric",
                                                     "cidr",
                                                     "=",
                                                     "<",
                                                     "<=",
                                                     ">",
                                                     ">=",
                                                     "regex",
                                                     "not-wildcard",
                                                     "not-equals-ignore-case",
                                                     "date-after",
                                                     "date-on-or-after",
                                                     "date-before",
                                                     "date-on-or-before",
                                                     "in-date-range",
                                                     "ip-address-in-range",
                                                     "ip-address-not-in-range"};

std::string listed_operators() {
  std::string out;
  for (const std::string_view each : kOperators) {
    out += (out.empty() ? "" : ", ") + std::string(each);
  }
  return out;
}

Matcher exact_matcher(const JsonTree& value) {
  Matcher out;
  out.kind = Matcher::Kind::kExact;
  out.exact = value.leaf;
  out.exact.text = {};
  out.text = value.text;
  return out;
}

/// The single member of an operator object.
struct Operator {
  std::string name;
  const JsonTree* argument = nullptr;
  std::string pointer;  // of the argument
};

class OperatorCompiler {
 public:
  explicit OperatorCompiler(PatternErrors& errors) : errors_(errors) {}

  std::optional<Matcher> compile(const JsonTree& element, const std::string& pointer) {
    if (element.kind == JsonTree::Kind::kLeaf) {
      return plain(element);
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
  /// A text that is an address is equal to every spelling of that address.
  static Matcher plain(const JsonTree& value) {
    if (value.is_text()) {
      if (const std::optional<Address> address = parse_address(value.text)) {
        Matcher out;
        out.kind = Matcher::Kind::kAddress;
        out.block = AddressBlock(*address);
        return out;
      }
    }
    return exact_matcher(value);
  }

  std::optional<Operator> single_member(const JsonTree& element, const std::string& pointer) {
    if (element.kind != JsonTree::Kind::kObject) {
      errors_.add(pointer,
                  "a list inside the list of values has no meaning; write its elements "
                  "into the outer list");
      return std::nullopt;
    }
    if (element.names.size() != 1) {
      errors_.add(pointer, "must hold exactly one operator, for example {\"prefix\": \"a\"}");
      return std::nullopt;
    }
    const std::string& name = element.names.front();
    return Operator{name, &element.elements.front(), pointer + pointer_step(name)};
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
    if (given.name != "equals-ignore-case" && given.name != "wildcard" && given.name != "cidr" &&
        given.name != "exactly") {
      return unknown(given);
    }
    if (!given.argument->is_text()) {
      return failed(given.pointer, "`" + given.name + "` needs a string");
    }
    const std::string& text = given.argument->text;
    if (given.name == "exactly") {
      return exact_matcher(*given.argument);
    }
    if (given.name == "equals-ignore-case") {
      out.kind = Matcher::Kind::kEqualsIgnoreCase;
      out.text = fold_case(text);
      return out;
    }
    if (given.name == "wildcard") {
      Result<Wildcard> wildcard = Wildcard::compile(text);
      if (!wildcard) {
        return failed(given.pointer, wildcard.error().message);
      }
      out.kind = Matcher::Kind::kWildcard;
      out.text = text;
      out.wildcard = std::move(*wildcard);
      return out;
    }
    const Result<AddressBlock> block = AddressBlock::parse(text);
    if (!block) {
      return failed(given.pointer, block.error().message);
    }
    out.kind = Matcher::Kind::kAddress;
    out.block = *block;
    return out;
  }

  /// `"text"` or `{"equals-ignore-case": "text"}`.
  std::optional<Matcher> affix(const Operator& given, Matcher out) {
    Operator from = given;
    if (given.argument->kind == JsonTree::Kind::kObject) {
      std::optional<Operator> inner = single_member(*given.argument, given.pointer);
      if (!inner) {
        return std::nullopt;
      }
      if (inner->name != "equals-ignore-case") {
        return failed(inner->pointer,
                      "inside `" + given.name + "` only equals-ignore-case is supported");
      }
      from = std::move(*inner);
      out.ignore_case = true;
    }
    if (!from.argument->is_text()) {
      return failed(from.pointer, "`" + given.name + "` needs a string");
    }
    out.text = out.ignore_case ? fold_case(from.argument->text) : from.argument->text;
    return out;
  }

  std::optional<Matcher> unknown(const Operator& given) {
    const std::string meant =
        config::did_you_mean(given.name, {kOperators.begin(), kOperators.end()});
    return failed(given.pointer, "the operator `" + given.name +
                                     "` is not supported by this version; supported are " +
                                     listed_operators() +
                                     (meant.empty() ? "" : "; did you mean `" + meant + "`?"));
  }

  std::optional<Matcher> exists(const Operator& given) {
    if (given.argument->kind != JsonTree::Kind::kLeaf ||
        given.argument->leaf.type != Leaf::Type::kTrue) {
      return failed(given.pointer, "`exists` needs true or false");
    }
    Matcher out;
    out.kind = Matcher::Kind::kExists;
    return out;
  }

  std::optional<Matcher> numeric(const Operator& given) {
    constexpr std::string_view kForm =
        "must be [\"=\", n], one of <, <=, >, >= and a number, or a range such as "
        "[\">\", 0, \"<=\", 5]";
    const std::vector<JsonTree>& terms = given.argument->elements;
    if (given.argument->kind != JsonTree::Kind::kArray ||
        (terms.size() != 2 && terms.size() != 4)) {
      return failed(given.pointer, std::string(kForm));
    }
    Matcher out;
    out.kind = Matcher::Kind::kNumeric;
    for (std::size_t i = 0; i < terms.size(); i += 2) {
      const std::string at = given.pointer + "/" + std::to_string(i);
      if (!terms[i + 1].is_number()) {
        return failed(given.pointer + "/" + std::to_string(i + 1), "must be a number");
      }
      if (!terms[i + 1].leaf.comparable) {
        return failed(given.pointer + "/" + std::to_string(i + 1), std::string(kTooPrecise));
      }
      if (!terms[i].is_text() ||
          !bound(terms[i].text, terms[i + 1].leaf.number, terms.size() == 4, out)) {
        return failed(at, std::string(kForm));
      }
    }
    if (terms.size() == 4 && !(out.low < out.high)) {
      return failed(given.pointer, "no number is in this range: the lower end must be less");
    }
    return out;
  }

  /// In a range the lower end comes first.
  static bool bound(const std::string& sign, double number, bool range, Matcher& out) {
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
    if (given.argument->kind == JsonTree::Kind::kObject) {
      return anything_but_operator(given, std::move(out));
    }
    if (given.argument->kind == JsonTree::Kind::kLeaf) {
      if (!given.argument->is_text() && !given.argument->is_number()) {
        return failed(given.pointer, "`anything-but` needs a string, a number, or a list of one");
      }
      return exclude(*given.argument, given.pointer, out) ? std::optional(out) : std::nullopt;
    }
    std::size_t index = 0;
    for (const JsonTree& each : given.argument->elements) {
      const std::string pointer = given.pointer + "/" + std::to_string(index++);
      if ((!each.is_text() && !each.is_number()) ||
          (!out.but.empty() && out.but.front().exact.type != each.leaf.type)) {
        return failed(pointer, "an `anything-but` list holds either strings or numbers");
      }
      if (!exclude(each, pointer, out)) {
        return std::nullopt;
      }
    }
    if (out.but.empty()) {
      return failed(given.pointer, "an empty `anything-but` list excludes nothing");
    }
    return out;
  }

  bool exclude(const JsonTree& value, const std::string& pointer, Matcher& out) {
    if (value.is_number() && !value.leaf.comparable) {
      errors_.add(pointer, std::string(kTooPrecise));
      return false;
    }
    out.but.push_back(exact_matcher(value));
    return true;
  }

  /// `{"anything-but": {"prefix": "a"}}`, or a list of such arguments.
  std::optional<Matcher> anything_but_operator(const Operator& given, Matcher out) {
    const std::optional<Operator> inner = single_member(*given.argument, given.pointer);
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
    if (inner->argument->kind == JsonTree::Kind::kArray) {
      for (const JsonTree& each : inner->argument->elements) {
        alternatives.push_back(
            {inner->name, &each, inner->pointer + "/" + std::to_string(alternatives.size())});
      }
    } else {
      alternatives.push_back(*inner);
    }
    if (alternatives.empty()) {
      return failed(inner->pointer, "an empty list excludes nothing");
    }
    for (const Operator& each : alternatives) {
      if (!each.argument->is_text()) {
        return failed(each.pointer, "`" + inner->name + "` needs a string");
      }
      if (each.argument->text.empty() && (inner->name == "prefix" || inner->name == "suffix")) {
        return failed(each.pointer, "every string has an empty `" + inner->name +
                                        "`; to exclude all strings, ask for what is wanted");
      }
      std::optional<Matcher> matcher = text_operator(each);
      if (!matcher) {
        return std::nullopt;
      }
      out.but.push_back(std::move(*matcher));
    }
    return out;
  }

  static constexpr std::string_view kTooPrecise =
      "cannot be compared: no double has exactly this value; write it with at most 15 digits";

  PatternErrors& errors_;
};

}  // namespace

bool is_reserved_in_or(std::string_view name) {
  return std::find(kReserved.begin(), kReserved.end(), name) != kReserved.end();
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

std::optional<CompiledElement> compile_element(const JsonTree& element,
                                               const std::string& pointer,
                                               PatternErrors& errors) {
  CompiledElement out;
  if (element.kind == JsonTree::Kind::kObject && element.names.size() == 1 &&
      element.names.front() == "exists" && element.elements.front().kind == JsonTree::Kind::kLeaf &&
      element.elements.front().leaf.type == Leaf::Type::kFalse) {
    out.absent = true;
    return out;
  }
  std::optional<Matcher> matcher = OperatorCompiler(errors).compile(element, pointer);
  if (!matcher) {
    return std::nullopt;
  }
  out.matcher = std::move(*matcher);
  return out;
}

}  // namespace aev::routing
