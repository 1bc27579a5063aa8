#pragma once

#include <filesystem>
#include <vector>

namespace aev::app {

/// Where event schemas are looked for: those that ship with the program, then the configured
/// folders, whose files win.
[[nodiscard]] std::vector<std::filesystem::path> effective_schema_path(
    const std::vector<std::filesystem::path>& configured);

}  // namespace aev::app
