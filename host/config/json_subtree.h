#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "config/yaml_node.h"

namespace aev::config {

/// A YAML subtree as JSON, plain scalars typed by the YAML 1.2 core schema.
struct JsonSubtree {
  std::string json;
  std::string redacted;  ///< `json` without secrets
  std::string shown;     ///< for Loaded::Shown::json
  SourceMap sources;     ///< members by the place of their key, elements by their own
};

/// Numbers that JSON cannot hold (.inf, 1e999) are added to `problems` under `path`.
[[nodiscard]] JsonSubtree to_json(const YamlNode& node,
                                  const Location& root,
                                  std::string_view path,
                                  std::vector<Problem>& problems);

/// One scalar as JSON text; false if JSON has no such number.
[[nodiscard]] bool scalar_to_json(const YamlNode& node, std::string& out);

/// One scalar for Loaded::Shown::json.
[[nodiscard]] std::string shown_scalar(const YamlNode& node, bool hide);

/// True if `node` is an unquoted true or false of the core schema, and which.
[[nodiscard]] bool is_boolean(const YamlNode& node, bool& value);

}  // namespace aev::config
