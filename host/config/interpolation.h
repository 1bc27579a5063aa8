#pragma once

#include <filesystem>
#include <vector>

#include "config/yaml_node.h"

namespace aev::config {

/// Replaces ${env:NAME}, ${env:NAME:-default} and ${file:PATH} in every scalar below `root`; PATH
/// is relative to `folder` and the ends of lines at the end of the file are left out. `$${` stands
/// for
/// `${`. What was replaced is text, whatever it looks like. Keys are left alone.
void interpolate(YamlNode& root,
                 const std::filesystem::path& folder,
                 const Environment& environment,
                 std::vector<Problem>& problems);

}  // namespace aev::config
