#include "app/plugin_path.h"

namespace aev::app {

std::vector<std::filesystem::path> effective_plugin_path(
    const std::vector<std::filesystem::path>& configured) {
  if (!configured.empty()) {
    return configured;
  }
  std::vector<std::filesystem::path> path;
  std::error_code error;
  const auto program = std::filesystem::read_symlink("/proc/self/exe", error);
  if (!error) {
    path.push_back(program.parent_path().parent_path() / "plugins");
    path.push_back(program.parent_path().parent_path() / "lib/aragora-events/plugins");
  }
  path.emplace_back("/usr/lib/aragora-events/plugins");
  return path;
}

}  // namespace aev::app
