#pragma once

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <map>
#include <string>

#include <catch2/catch.hpp>

#include "config/config.h"

namespace aev::config {

/// A folder with YAML files that goes away.
class Folder {
 public:
  Folder() {
    const char* const base = std::getenv("TMPDIR");
    std::string name =
        std::string(base == nullptr ? "/tmp" : base) + "/aev-config-" + std::string(6, 'X');
    REQUIRE(mkdtemp(name.data()) != nullptr);
    path_ = name;
  }

  ~Folder() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }

  Folder(const Folder&) = delete;
  Folder& operator=(const Folder&) = delete;

  std::filesystem::path write(const std::string& name, const std::string& text) const {
    std::filesystem::create_directories((path_ / name).parent_path());
    std::ofstream(path_ / name) << text;
    return path_ / name;
  }

  Loaded load(const std::string& text, std::map<std::string, std::string> environment = {}) const {
    return config::load(write("host.yaml", text),
                        [environment](std::string_view name) -> std::optional<std::string> {
                          const auto found = environment.find(std::string(name));
                          return found == environment.end() ? std::nullopt
                                                            : std::optional(found->second);
                        });
  }

 private:
  std::filesystem::path path_;
};

/// Every problem, one a line.
inline std::string all_of(const Loaded& loaded) {
  std::string text;
  for (const auto& problem : loaded.problems) {
    text += to_string(problem) + "\n";
  }
  return text;
}

}  // namespace aev::config
