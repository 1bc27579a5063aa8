#pragma once

#include <filesystem>
#include <vector>

namespace aev::app {

/// Where plugins are looked for: what the YAML says, else `plugins` beside the program's folder (a
/// build tree) and then where packages install them.
[[nodiscard]] std::vector<std::filesystem::path> effective_plugin_path(
    const std::vector<std::filesystem::path>& configured);

}  // namespace aev::app
