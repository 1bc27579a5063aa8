#pragma once

#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "config/yaml_node.h"
#include "core/result.h"

namespace aev::config {

/// The whole file, or why not (missing, a folder, not readable, over `max_bytes`).
[[nodiscard]] Result<std::string> read_text_file(const std::filesystem::path& file,
                                                 std::size_t max_bytes);

/// Parses YAML that is already in memory; `name` stands for its file. Otherwise as read_yaml().
[[nodiscard]] std::shared_ptr<YamlNode> parse_yaml(const std::string& text,
                                                   const std::string& name,
                                                   std::vector<Problem>& problems);

/// Parses one YAML file. Returns null after an error that leaves nothing to look at; duplicate
/// keys, keys that are not text and foreign tags are added to `problems` and parsing goes on. An
/// alias bomb or a nesting that is too deep is a problem, not a hang. Never throws.
[[nodiscard]] std::shared_ptr<YamlNode> read_yaml(const std::filesystem::path& file,
                                                  std::vector<Problem>& problems);

}  // namespace aev::config
