#pragma once

#include <filesystem>
#include <memory>
#include <vector>

#include "config/yaml_node.h"

namespace aev::config {

/// The YAML at `file` and everything its `include:` globs reach, interpolated and merged into one
/// map. Maps of the same name are joined, lists are put one after the other; a name given twice is
/// a problem that names both places, and so is a file that includes itself. Null if the main file
/// gave nothing to look at.
[[nodiscard]] std::shared_ptr<YamlNode> read_with_includes(const std::filesystem::path& file,
                                                           const Environment& environment,
                                                           std::vector<Problem>& problems);

}  // namespace aev::config
