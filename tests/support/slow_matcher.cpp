#include "slow_matcher.h"

#include <algorithm>
#include <arpa/inet.h>
#include <array>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include <simdjson.h>

#include "routing/case_fold.h"

namespace aev::test {
namespace {

namespace dom = simdjson::dom;

/// For each array that a value is in, by number: in which element.
using Elements = std::map<int, int>;

struct Value {
  std::string path;
  dom::element json;
  Elements elements;
};

/// Every value of an event that is neither an object nor an array.
class Flattening {
 public:
  explicit Flattening(dom::element event) { add("", event, {}); }

  std::vector<Value> values;

 private:
  void add(const std::string& path, dom::element json, const Elements& elements) {
    if (json.is_object()) {
      for (const auto& [name, member] : dom::object(json)) {
        add(path.empty() ? std::string(name) : path + "." + std::string(name), member, elements);
      }
    } else if (json.is_array()) {
      const int array = arrays_++;
      int index = 0;
      for (const dom::element element : dom::array(json)) {
        Elements inside = elements;
        if (element.is_object() || element.is_array()) {
          inside[array] = index;
        }
        ++index;
        add(path, element, inside);
      }
    } else {
      values.push_back({path, json, elements});
    }
  }

  int arrays_ = 0;
};

double number_of(dom::element json) {
  return json.is_int64()    ? static_cast<double>(json.get_int64().value())
         : json.is_uint64() ? static_cast<double>(json.get_uint64().value())
                            : json.get_double().value();
}

bool is_number(dom::element json) {
  return json.is_int64() || json.is_uint64() || json.is_double();
}

std::optional<std::string> text_of(dom::element json) {
  if (!json.is_string()) {
    return std::nullopt;
  }
  return std::string(json.get_string().value());
}

/// Sixteen bytes, or four; empty if the text is no address.
std::string address_bytes(const std::string& text) {
  std::array<unsigned char, 16> bytes{};
  if (text.find(':') != std::string::npos) {
    if (text.find('.') != std::string::npos || text.find('\0') != std::string::npos ||
        inet_pton(AF_INET6, text.c_str(), bytes.data()) != 1) {
      return {};
    }
    const std::string all(bytes.begin(), bytes.end());
    const std::string mapped = std::string(10, '\0') + "\xff\xff";
    return all.starts_with(mapped) ? all.substr(12) : all;
  }
  std::string out;
  std::string digits;
  for (const char each : text + ".") {
    if (each >= '0' && each <= '9') {
      digits += each;
    } else if (each == '.' && !digits.empty() && std::stol("0" + digits.substr(0, 15)) < 256) {
      out += static_cast<char>(std::stol(digits));
      digits.clear();
    } else {
      return {};
    }
  }
  return out.size() == 4 && text.size() <= 15 ? out : std::string();
}

bool in_block(const std::string& block, const std::string& text) {
  const std::size_t slash = block.find('/');
  const std::string base = address_bytes(block.substr(0, slash));
  const std::string address = address_bytes(text);
  const int bits = std::stoi(block.substr(slash + 1));
  if (address.empty() || address.size() != base.size()) {
    return false;
  }
  for (int bit = 0; bit < bits; ++bit) {
    const auto index = static_cast<std::size_t>(bit / 8);
    const int mask = 128 >> (bit % 8);
    if ((base[index] & mask) != (address[index] & mask)) {
      return false;
    }
  }
  return true;
}

bool wildcard(std::string_view pattern, std::string_view text) {
  std::vector<std::string> tokens;  // a star, or a backslash and a byte
  for (std::size_t i = 0; i < pattern.size(); ++i) {
    if (pattern[i] == '*') {
      tokens.emplace_back("*");
    } else {
      i += pattern[i] == '\\' ? 1 : 0;
      tokens.push_back(std::string("\\") + pattern[i]);
    }
  }
  // reached[n]: the tokens so far match the first n bytes.
  std::vector<bool> reached(text.size() + 1, false);
  reached[0] = true;
  for (const std::string& token : tokens) {
    std::vector<bool> next(text.size() + 1, false);
    for (std::size_t n = 0; n <= text.size(); ++n) {
      next[n] = token == "*" ? reached[n] || (n > 0 && next[n - 1])
                             : n > 0 && reached[n - 1] && text[n - 1] == token[1];
    }
    reached = next;
  }
  return reached[text.size()];
}

bool equal(dom::element wanted, dom::element given) {
  if (is_number(wanted)) {
    return is_number(given) && number_of(wanted) == number_of(given);
  }
  if (const auto text = text_of(wanted)) {
    return text_of(given) == text;
  }
  return wanted.type() == given.type() &&
         (!wanted.is_bool() || wanted.get_bool().value() == given.get_bool().value());
}

bool numeric(dom::array terms, double number) {
  for (std::size_t i = 0; i < terms.size(); i += 2) {
    const std::string sign = *text_of(terms.at(i).value());
    const double bound = number_of(terms.at(i + 1).value());
    const bool met = sign == "="    ? number == bound
                     : sign == "<"  ? number < bound
                     : sign == "<=" ? number <= bound
                     : sign == ">"  ? number > bound
                                    : number >= bound;
    if (!met) {
      return false;
    }
  }
  return true;
}

bool element_matches(dom::element wanted, dom::element given);

bool operator_matches(std::string_view name, dom::element argument, dom::element given) {
  if (name == "exists") {
    return argument.get_bool().value();
  }
  if (name == "numeric") {
    return is_number(given) && numeric(argument.get_array().value(), number_of(given));
  }
  if (name == "anything-but") {
    std::string inner;
    std::vector<dom::element> excluded{argument};
    if (argument.is_object()) {
      const dom::key_value_pair member = *dom::object(argument).begin();
      inner = member.key;
      excluded = {member.value};
    }
    if (excluded[0].is_array()) {
      const dom::array list = excluded[0].get_array().value();
      excluded.assign(list.begin(), list.end());
    }
    return std::none_of(excluded.begin(), excluded.end(), [&](dom::element each) {
      return inner.empty() ? equal(each, given) : operator_matches(inner, each, given);
    });
  }
  const auto text = text_of(given);
  if (!text) {
    return false;
  }
  if (argument.is_object()) {  // prefix or suffix, ignoring case
    const std::string folded = routing::fold_case(*text);
    const std::string wanted = routing::fold_case(*text_of((*dom::object(argument).begin()).value));
    return name == "prefix" ? folded.starts_with(wanted) : folded.ends_with(wanted);
  }
  const std::string wanted = *text_of(argument);
  return name == "prefix"               ? text->starts_with(wanted)
         : name == "suffix"             ? text->ends_with(wanted)
         : name == "exactly"            ? *text == wanted
         : name == "equals-ignore-case" ? routing::fold_case(*text) == routing::fold_case(wanted)
         : name == "wildcard"           ? wildcard(wanted, *text)
                                        : in_block(wanted, *text);
}

bool element_matches(dom::element wanted, dom::element given) {
  if (wanted.is_object()) {
    const dom::key_value_pair member = *dom::object(wanted).begin();
    return operator_matches(member.key, member.value, given);
  }
  const auto wanted_text = text_of(wanted);
  const auto given_text = text_of(given);
  if (wanted_text && given_text && !address_bytes(*wanted_text).empty()) {
    return address_bytes(*wanted_text) == address_bytes(*given_text);
  }
  return equal(wanted, given);
}

/// What one way through the `$or`s of a pattern asks for: a list for each path.
using Way = std::map<std::string, dom::array>;

std::vector<Way> ways_through(dom::object pattern, const std::string& path) {
  std::vector<Way> ways(1);
  const auto multiply = [&ways](const std::vector<Way>& by) {
    std::vector<Way> all;
    for (const Way& way : ways) {
      for (const Way& other : by) {
        all.push_back(way);
        all.back().insert(other.begin(), other.end());
      }
    }
    ways = all;
  };
  for (const auto& [name, value] : pattern) {
    const std::string here = path.empty() ? std::string(name) : path + "." + std::string(name);
    if (name == "$or") {
      std::vector<Way> branches;
      for (const dom::element branch : dom::array(value)) {
        const std::vector<Way> through = ways_through(dom::object(branch), path);
        branches.insert(branches.end(), through.begin(), through.end());
      }
      multiply(branches);
    } else if (value.is_object()) {
      multiply(ways_through(dom::object(value), here));
    } else {
      multiply({Way{{here, dom::array(value)}}});
    }
  }
  return ways;
}

bool consistent(const Elements& a, const Elements& b) {
  return std::all_of(a.begin(), a.end(), [&b](const auto& each) {
    const auto found = b.find(each.first);
    return found == b.end() || found->second == each.second;
  });
}

/// Tries what one way through a pattern asks for.
class Search {
 public:
  Search(const std::vector<Value>& values, std::size_t combinations)
      : left_(combinations), values_(values) {}

  [[nodiscard]] bool exhausted() const { return left_ == 0; }

  [[nodiscard]] bool way_matches(const Way& way) { return rest_matches(way, way.begin(), {}); }

 private:
  /// Whether everything from `at` on can be met by values that fit to those taken before.
  bool rest_matches(const Way& way, Way::const_iterator at, const Elements& taken) {
    if (left_ == 0 || --left_ == 0) {
      return false;
    }
    if (at == way.end()) {
      return true;
    }
    const auto fits = [&](const Value& value) {
      return value.path == at->first && consistent(taken, value.elements);
    };
    for (const dom::element wanted : at->second) {
      if (asks_for_absence(wanted)) {
        if (std::none_of(values_.begin(), values_.end(), fits) &&
            rest_matches(way, std::next(at), taken)) {
          return true;
        }
        continue;
      }
      for (const Value& value : values_) {
        if (fits(value) && element_matches(wanted, value.json)) {
          Elements now = taken;
          now.insert(value.elements.begin(), value.elements.end());
          if (rest_matches(way, std::next(at), now)) {
            return true;
          }
        }
      }
    }
    return false;
  }

  static bool asks_for_absence(dom::element wanted) {
    if (!wanted.is_object()) {
      return false;
    }
    const dom::key_value_pair member = *dom::object(wanted).begin();
    return member.key == "exists" && !member.value.get_bool().value();
  }

  std::size_t left_;
  const std::vector<Value>& values_;
};

}  // namespace

std::optional<bool> slow_match_within(std::string_view pattern,
                                      std::string_view event,
                                      std::size_t combinations) {
  dom::parser pattern_parser;
  dom::parser event_parser;
  const simdjson::padded_string pattern_text(pattern);
  const simdjson::padded_string event_text(event);
  const dom::element wanted = pattern_parser.parse(pattern_text).value();
  const Flattening given(event_parser.parse(event_text).value());
  Search search(given.values, combinations);
  for (const Way& way : ways_through(dom::object(wanted), "")) {
    if (search.way_matches(way)) {
      return true;
    }
  }
  return search.exhausted() ? std::nullopt : std::optional<bool>(false);
}

bool slow_match(std::string_view pattern, std::string_view event) {
  return slow_match_within(pattern, event, static_cast<std::size_t>(-1)).value();
}

}  // namespace aev::test
