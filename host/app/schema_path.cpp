#include "app/schema_path.h"

namespace aev::app {

std::vector<std::filesystem::path> effective_schema_path(
    const std::vector<std::filesystem::path>& configured) {
  std::vector<std::filesystem::path> path;
  std::error_code error;
  const auto program = std::filesystem::read_symlink("/proc/self/exe", error);
  if (!error) {
    const auto prefix = program.parent_path().parent_path();
    const auto built = prefix / "event-schemas";
    const auto installed = prefix / "share/aragora-events/event-schemas";
    path.push_back(std::filesystem::is_directory(built, error) ? built : installed);
  }
  path.insert(path.end(), configured.begin(), configured.end());
  return path;
}

}  // namespace aev::app
