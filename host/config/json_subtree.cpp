#include "config/json_subtree.h"

#include <charconv>
#include <cmath>

#include "config/map_reader.h"
#include "config/redaction.h"
#include "core/json_text.h"

namespace aev::config {
namespace {

bool all_of_digits(std::string_view text, int base) {
  for (const char each : text) {
    const bool digit = each >= '0' && each <= '7';
    const bool decimal = each == '8' || each == '9';
    const bool hex = (each >= 'a' && each <= 'f') || (each >= 'A' && each <= 'F');
    if (!(digit || (base >= 10 && decimal) || (base == 16 && hex))) {
      return false;
    }
  }
  return !text.empty();
}

std::string_view without_leading_zeros(std::string_view digits) {
  while (digits.size() > 1 && digits.front() == '0') {
    digits.remove_prefix(1);
  }
  return digits;
}

enum class Number { kNone, kWritten, kNotJson };

Number prefixed_integer(std::string_view text, std::string& out) {
  const int base = text.substr(0, 2) == "0x" ? 16 : text.substr(0, 2) == "0o" ? 8 : 0;
  if (base == 0 || !all_of_digits(text.substr(2), base)) {
    return Number::kNone;
  }
  std::uint64_t value = 0;
  const auto parsed = std::from_chars(text.data() + 2, text.data() + text.size(), value, base);
  if (parsed.ec != std::errc()) {
    return Number::kNotJson;
  }
  out += std::to_string(value);
  return Number::kWritten;
}

/// Core schema: [-+]? ( \. [0-9]+ | [0-9]+ ( \. [0-9]* )? ) ( [eE] [-+]? [0-9]+ )?
Number decimal(std::string_view text, std::string& out) {
  std::string written;
  if (text.front() == '-' || text.front() == '+') {
    written = text.front() == '-' ? "-" : "";
    text.remove_prefix(1);
  }
  if (text == ".inf" || text == ".Inf" || text == ".INF") {
    return Number::kNotJson;
  }
  std::string_view exponent;
  const std::size_t e = text.find_first_of("eE");
  if (e != std::string_view::npos) {
    exponent = text.substr(e + 1);
    text = text.substr(0, e);
    std::string_view digits = exponent;
    if (!digits.empty() && (digits.front() == '-' || digits.front() == '+')) {
      digits.remove_prefix(1);
    }
    if (!all_of_digits(digits, 10)) {
      return Number::kNone;
    }
  }
  const std::size_t point = text.find('.');
  const std::string_view whole = text.substr(0, point);
  const std::string_view fraction =
      point == std::string_view::npos ? std::string_view() : text.substr(point + 1);
  if ((!whole.empty() && !all_of_digits(whole, 10)) ||
      (!fraction.empty() && !all_of_digits(fraction, 10)) || (whole.empty() && fraction.empty())) {
    return Number::kNone;
  }
  written += whole.empty() ? std::string_view("0") : without_leading_zeros(whole);
  if (point != std::string_view::npos) {
    written += ".";
    written += fraction.empty() ? std::string_view("0") : fraction;
  }
  if (e != std::string_view::npos) {
    written += "e";
    written += exponent;
  }
  if (point != std::string_view::npos || e != std::string_view::npos) {
    double value = 0;
    const auto parsed = std::from_chars(written.data(), written.data() + written.size(), value);
    if (parsed.ec == std::errc::result_out_of_range && exponent.substr(0, 1) != "-") {
      return Number::kNotJson;
    }
  }
  out += written;
  return Number::kWritten;
}

Number number(std::string_view text, std::string& out) {
  if (text.empty()) {
    return Number::kNone;
  }
  if (text == ".nan" || text == ".NaN" || text == ".NAN") {
    return Number::kNotJson;
  }
  const Number integer = prefixed_integer(text, out);
  return integer != Number::kNone ? integer : decimal(text, out);
}

/// `010`: eight to YAML 1.1, ten to YAML 1.2.
bool has_leading_zero(const YamlNode& node) {
  return !node.is_text && node.text.size() > 1 && node.text.front() == '0' &&
         all_of_digits(node.text, 10);
}

std::string lowered(std::string text) {
  for (char& each : text) {
    each = each >= 'A' && each <= 'Z' ? static_cast<char>(each + ('a' - 'A')) : each;
  }
  return text;
}

bool is_word_for_yes(const std::string& text) {
  const std::string word = lowered(text);
  return word == "yes" || word == "on";
}

/// Booleans to YAML 1.1 and to many who write it, text to YAML 1.2.
bool is_word_for_truth(const YamlNode& node) {
  const std::string word = lowered(node.text);
  return !node.is_text && (is_word_for_yes(word) || word == "no" || word == "off");
}

class Writer {
 public:
  Writer(JsonSubtree& out, std::vector<Problem>& problems) : out_(out), problems_(problems) {}

  void write(const YamlNode& node,
             const Location& where,
             const std::string& pointer,
             const std::string& path,
             bool secret) {
    out_.sources.emplace(pointer, where);
    switch (node.kind) {
      case YamlNode::Kind::kNull:
        both("null");
        break;
      case YamlNode::Kind::kScalar:
        scalar(node, path, secret);
        break;
      case YamlNode::Kind::kSequence:
        both("[");
        for (std::size_t i = 0; i < node.items.size(); ++i) {
          both(i == 0 ? "" : ",");
          const std::string index = std::to_string(i);
          write(*node.items[i], node.items[i]->where(), pointer + "/" + index,
                path + "[" + index + "]", secret);
        }
        both("]");
        break;
      case YamlNode::Kind::kMap:
        map(node, pointer, path, secret);
        break;
    }
  }

 private:
  void map(const YamlNode& node, const std::string& pointer, const std::string& path, bool secret) {
    both("{");
    bool first = true;
    for (const YamlEntry& entry : node.entries) {
      both(first ? "" : ",");
      first = false;
      both(json_string(entry.name) + ":");
      write(*entry.value, entry.key_where(), pointer + "/" + escaped(entry.name),
            path + "." + entry.name, secret || is_secret_key(entry.name));
    }
    both("}");
  }

  void scalar(const YamlNode& node, const std::string& path, bool secret) {
    std::string text;
    if (has_leading_zero(node)) {
      problems_.push_back({node.where(), path,
                           "`" + node.text + "` is read as octal by some; write " +
                               std::string(without_leading_zeros(node.text)) +
                               ", or quote it if it is text",
                           false});
    } else if (is_word_for_truth(node)) {
      problems_.push_back({node.where(), path,
                           "`" + node.text + "` is text here, not true or false; write " +
                               (is_word_for_yes(node.text) ? "true" : "false") +
                               ", or quote it if it is text",
                           true});
    }
    if (!scalar_to_json(node, text)) {
      problems_.push_back({node.where(), path, "JSON has no such number; quote it", false});
      text = "null";
    }
    const bool hide = secret || node.from_file;
    out_.json += text;
    out_.redacted += hide ? json_string(kRedacted) : text;
    out_.shown += shown_scalar(node, hide);
  }

  void both(std::string_view text) {
    out_.json += text;
    out_.redacted += text;
    out_.shown += text;
  }

  static std::string escaped(std::string_view name) {
    std::string out;
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

  JsonSubtree& out_;
  std::vector<Problem>& problems_;
};

}  // namespace

bool is_boolean(const YamlNode& node, bool& value) {
  if (node.kind != YamlNode::Kind::kScalar || node.is_text) {
    return false;
  }
  value = node.text == "true" || node.text == "True" || node.text == "TRUE";
  return value || node.text == "false" || node.text == "False" || node.text == "FALSE";
}

bool scalar_to_json(const YamlNode& node, std::string& out) {
  bool truth = false;
  if (is_boolean(node, truth)) {
    out += truth ? "true" : "false";
    return true;
  }
  const Number as_number = node.is_text ? Number::kNone : number(node.text, out);
  if (as_number == Number::kNone) {
    append_json_string(out, node.text);
  }
  return as_number != Number::kNotJson;
}

std::string shown_scalar(const YamlNode& node, bool hide) {
  std::string json;
  if (hide) {
    return json_string(hidden(node));
  }
  if (!scalar_to_json(node, json)) {
    return "null";
  }
  return json.front() == '"' ? json_string(without_interpolation(node.text)) : json;
}

JsonSubtree to_json(const YamlNode& node,
                    const Location& root,
                    std::string_view path,
                    std::vector<Problem>& problems) {
  JsonSubtree out;
  Writer(out, problems).write(node, root, {}, std::string(path), false);
  return out;
}

}  // namespace aev::config
