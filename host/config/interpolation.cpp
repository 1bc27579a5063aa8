#include "config/interpolation.h"

#include <string>
#include <string_view>

#include "config/redaction.h"
#include "config/yaml_reader.h"
#include "core/json_text.h"

namespace aev::config {
namespace {

constexpr std::size_t kMaxFileBytes = 1u << 20;

bool is_variable_name(std::string_view name) {
  if (name.empty() || (name.front() >= '0' && name.front() <= '9')) {
    return false;
  }
  for (const char each : name) {
    if (!((each >= 'A' && each <= 'Z') || (each >= 'a' && each <= 'z') ||
          (each >= '0' && each <= '9') || each == '_')) {
      return false;
    }
  }
  return true;
}

class Interpolation {
 public:
  Interpolation(const std::filesystem::path& folder,
                const Environment& environment,
                std::vector<Problem>& problems)
      : folder_(folder), environment_(environment), problems_(problems) {}

  void visit(YamlNode& node, const std::string& path) {
    if (node.interpolated) {
      return;
    }
    node.interpolated = true;
    for (std::size_t i = 0; i < node.items.size(); ++i) {
      visit(*node.items[i], path + "[" + std::to_string(i) + "]");
    }
    for (const YamlEntry& entry : node.entries) {
      visit(*entry.value, path.empty() ? entry.name : path + "." + entry.name);
    }
    if (node.kind == YamlNode::Kind::kScalar && node.text.find("${") != std::string::npos) {
      replace(node, path);
    }
  }

 private:
  void replace(YamlNode& node, const std::string& path) {
    const std::string_view text = node.text;
    std::string out;
    node.as_written.clear();
    std::size_t at = 0;
    while (at < text.size()) {
      const std::size_t start = text.find("${", at);
      if (start == std::string_view::npos) {
        out += text.substr(at);
        node.as_written += text.substr(at);
        break;
      }
      if (start > at && text[start - 1] == '$') {
        out += text.substr(at, start - 1 - at);
        out += "${";
        node.as_written += text.substr(at, start + 2 - at);
        at = start + 2;
        continue;
      }
      out += text.substr(at, start - at);
      node.as_written += text.substr(at, start - at);
      const std::size_t end = text.find('}', start);
      if (end == std::string_view::npos) {
        problem(node, path, "`${` without its `}`; write `$${` for a `${` that is meant as such");
        break;
      }
      out += value_of(node, path, text.substr(start + 2, end - start - 2));
      at = end + 1;
    }
    node.text = std::move(out);
    node.is_text = true;
  }

  std::string value_of(YamlNode& node, const std::string& path, std::string_view what) {
    if (what.substr(0, 4) == "env:") {
      return variable(node, path, what.substr(4));
    }
    if (what.substr(0, 5) == "file:") {
      return file(node, path, what.substr(5));
    }
    problem(
        node, path,
        "`${" + std::string(what) +
            "}` is neither ${env:NAME} nor ${file:PATH}; write `$${` for a `${` that is meant as "
            "such");
    return {};
  }

  std::string variable(YamlNode& node, const std::string& path, std::string_view what) {
    const std::size_t dash = what.find(":-");
    const std::string_view name = what.substr(0, dash);
    if (!is_variable_name(name)) {
      problem(node, path, "`" + std::string(name) + "` is not the name of an environment variable");
      return {};
    }
    const std::optional<std::string> value = environment_(name);
    // The fallback of a secret would be one as well.
    node.as_written += "${env:" + std::string(name) +
                       (dash == std::string_view::npos ? "}" : ":-" + std::string(kRedacted) + "}");
    if (dash != std::string_view::npos && (!value || value->empty())) {
      return std::string(what.substr(dash + 2));
    }
    if (!value) {
      problem(node, path, "the environment variable " + std::string(name) + " is not set");
      return {};
    }
    if (!is_utf8(*value)) {
      problem(node, path, "the environment variable " + std::string(name) + " is not UTF-8");
      return {};
    }
    node.environment += (node.environment.empty() ? "" : ", ") + std::string(name);
    return *value;
  }

  std::string file(YamlNode& node, const std::string& path, std::string_view what) {
    node.from_file = true;
    if (what.empty()) {
      problem(node, path, "${file:} needs a path");
      return {};
    }
    std::error_code failure;
    const std::filesystem::path whole = std::filesystem::absolute(folder_ / what, failure);
    node.as_written += "${file:" + whole.lexically_normal().string() + "}";
    warn_if_open_to_all(node, path, folder_ / what);
    Result<std::string> text = read_text_file(folder_ / what, kMaxFileBytes);
    if (!text) {
      problem(node, path, "the file " + std::string(what) + ": " + text.error().message);
      return {};
    }
    if (!is_utf8(*text)) {
      problem(node, path, "the file " + std::string(what) + " is not UTF-8 text");
      return {};
    }
    while (!text->empty() && (text->back() == '\n' || text->back() == '\r')) {
      text->pop_back();
    }
    return std::move(*text);
  }

  /// What is read from a file is taken for a secret.
  void warn_if_open_to_all(const YamlNode& node,
                           const std::string& path,
                           const std::filesystem::path& secret) {
    using std::filesystem::perms;
    std::error_code failure;
    const auto allowed = std::filesystem::status(secret, failure).permissions();
    if (!failure && (allowed & perms::others_all) != perms::none) {
      problems_.push_back({node.where(), path,
                           "the file " + secret.string() +
                               " is open to every account of this machine; chmod 640 or 600",
                           true});
    }
  }

  void problem(YamlNode& node, const std::string& path, std::string message) {
    node.is_lost = true;
    problems_.push_back({node.where(), path, std::move(message), false});
  }

  const std::filesystem::path& folder_;
  const Environment& environment_;
  std::vector<Problem>& problems_;
};

}  // namespace

void interpolate(YamlNode& root,
                 const std::filesystem::path& folder,
                 const Environment& environment,
                 std::vector<Problem>& problems) {
  Interpolation(folder, environment, problems).visit(root, {});
}

}  // namespace aev::config
