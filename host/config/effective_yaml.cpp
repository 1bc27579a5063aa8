#include <algorithm>
#include <array>
#include <memory>

#include <Poco/JSON/Array.h>

#include "config/config.h"
#include "config/embedded_schema.h"
#include "config/map_reader.h"
#include "config/redaction.h"
#include "config/schema_walk.h"
#include "core/json_text.h"

namespace aev::config {
namespace {

/// What the paths of the values add up to: a value, or a map or list of further ones.
struct Node {
  std::string json;
  std::string origin;
  bool is_list = false;
  std::vector<std::pair<std::string, std::unique_ptr<Node>>> members;  // names empty in a list
};

/// Takes one step of a path as path_step() writes them: a name, a name in quotes, or `[n]`.
std::string take_step(std::string_view& path, bool& is_element) {
  if (path.front() == '.') {
    path.remove_prefix(1);
  }
  is_element = path.front() == '[';
  if (is_element) {
    path.remove_prefix(1);
    const std::string step(path.substr(0, path.find(']')));
    path.remove_prefix(step.size() + 1);
    return step;
  }
  if (path.front() != '"') {
    const std::string step(path.substr(0, path.find_first_of(".[")));
    path.remove_prefix(step.size());
    return step;
  }
  std::size_t end = 1;
  while (path[end] != '"') {
    end += path[end] == '\\' ? 2 : 1;
  }
  const auto step = parse_json("[" + std::string(path.substr(0, end + 1)) + "]");
  path.remove_prefix(end + 1);
  return step.extract<Poco::JSON::Array::Ptr>()->getElement<std::string>(0);
}

Node& member(Node& parent, const std::string& name) {
  for (auto& [known, node] : parent.members) {
    if (known == name) {
      return *node;
    }
  }
  return *parent.members.emplace_back(name, std::make_unique<Node>()).second;
}

/// True if YAML takes the text as it stands for text again, whichever version reads it.
bool is_plain(std::string_view text) {
  static constexpr std::array<std::string_view, 10> kWords{"true", "false", "null", "yes", "no",
                                                           "on",   "off",   "y",    "n",   "nan"};
  std::string lower(text);
  std::transform(lower.begin(), lower.end(), lower.begin(), [](char each) {
    return each >= 'A' && each <= 'Z' ? static_cast<char>(each + ('a' - 'A')) : each;
  });
  const auto is_letter = [](char each) { return each >= 'a' && each <= 'z'; };
  const auto is_inside = [&](char each) {
    return is_letter(each) || (each >= '0' && each <= '9') || each == '_' || each == '.' ||
           each == '/' || each == '-';
  };
  return !lower.empty() && (is_letter(lower.front()) || lower.front() == '/') &&
         std::all_of(lower.begin(), lower.end(), is_inside) &&
         std::find(kWords.begin(), kWords.end(), lower) == kWords.end();
}

/// `30s`, `20GiB`, `100/s`: plain, as people write them.
bool is_quantity(std::string_view text) {
  const std::size_t digits = std::min(text.find_first_not_of("0123456789."), text.size());
  return digits > 0 && digits < text.size() && text.front() != '.' &&
         text.find_first_not_of("abcdeghiklmnopqrstuvwzBGKMi/", digits) == std::string_view::npos;
}

class Writer {
 public:
  explicit Writer(bool with_origins) : with_origins_(with_origins) {}

  void write_members(const Node& node, std::size_t depth, bool after_dash) {
    bool first = after_dash;  // the first member of a map in a list stands behind the dash
    for (const auto& [name, child] : node.members) {
      out_ += first ? "" : std::string(2 * depth, ' ');
      first = false;
      out_ += node.is_list ? "-" : scalar_text(name) + ":";
      write(*child, depth + 1, node.is_list);
    }
  }

  std::string take() { return std::move(out_); }

 private:
  void write(const Node& node, std::size_t depth, bool after_dash) {
    if (node.members.empty()) {
      const auto wrapped = parse_in_order("{\"value\":" + node.json + "}");
      out_ += " " + value_text(wrapped->get("value"));
      out_ += with_origins_ ? "  # " + node.origin + "\n" : "\n";
      return;
    }
    const bool map_in_list = after_dash && !node.is_list;
    out_ += map_in_list ? " " : "\n";
    write_members(node, depth, map_in_list);
  }

  /// A value on one line: a scalar, or a list or map in flow style.
  std::string value_text(const Poco::Dynamic::Var& value) {
    std::string out;
    if (const auto map = as_object(value)) {
      for (const std::string& name : map->getNames()) {
        out += (out.empty() ? "" : ", ") + scalar_text(name) + ": " + value_text(map->get(name));
      }
      return "{" + out + "}";
    }
    if (value.type() == typeid(Poco::JSON::Array::Ptr)) {
      for (const auto& item : *value.extract<Poco::JSON::Array::Ptr>()) {
        out += (out.empty() ? "" : ", ") + value_text(item);
      }
      return "[" + out + "]";
    }
    return value.isString() ? scalar_text(numbered(value.toString())) : as_json(value);
  }

  static std::string scalar_text(const std::string& text) {
    return is_plain(text) || is_quantity(text) ? text : json_string(text);
  }

  /// Where secrets must differ (the tokens of the API), their stand-ins must too, also where one
  /// stands for the default of a variable.
  std::string numbered(std::string text) {
    const std::size_t at = text.find(kRedacted);
    if (at != std::string::npos && ++redacted_ > 1) {
      text.insert(at + kRedacted.size() - 1, "-" + std::to_string(redacted_));
    }
    return text;
  }

  const bool with_origins_;
  std::size_t redacted_ = 0;
  std::string out_;
};

}  // namespace

void hide_secrets(std::vector<Loaded::Shown>& shown,
                  std::string_view subscriber,
                  const std::vector<std::string>& pointers) {
  const std::string options = path_step("subscribers", subscriber) + ".config";
  for (Loaded::Shown& each : shown) {
    std::string_view path = each.path;
    if (path.substr(0, options.size()) != options) {
      continue;
    }
    path.remove_prefix(options.size());
    std::vector<std::string> steps;
    while (!path.empty()) {
      bool is_element = false;
      steps.push_back(take_step(path, is_element));
    }
    for (const std::string& pointer : pointers) {
      const std::vector<std::string> secret = pointer_steps(pointer);
      // Whatever is within a secret is one.
      if (secret.size() <= steps.size() && std::equal(secret.begin(), secret.end(), steps.begin(),
                                                      [](const auto& wanted, const auto& step) {
                                                        return wanted == "*" || wanted == step;
                                                      })) {
        each.value = kRedacted;
        each.json = each.hidden.empty() ? each.json : each.hidden;
      }
    }
  }
}

std::string effective_yaml(const std::vector<Loaded::Shown>& shown, bool with_origins) {
  Node root;
  for (const Loaded::Shown& each : shown) {
    Node* node = &root;
    std::string_view path = each.path;
    while (!path.empty()) {
      bool is_element = false;
      const std::string step = take_step(path, is_element);
      node->is_list = is_element;
      node = &member(*node, step);
    }
    node->json = each.json;
    node->origin = each.origin;
  }
  Writer writer(with_origins);
  writer.write_members(root, 0, false);
  return writer.take();
}

}  // namespace aev::config
