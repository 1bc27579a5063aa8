#pragma once

#include "config/environment_defaults.h"
#include "config/map_reader.h"

namespace aev::config {

/// `version`, `data_dir`, `api`, `store`, `log`, `delivery` and `plugins`: what the host itself
/// needs.
void read_host_sections(MapReader& root, const EnvironmentDefaults& defaults, Config& out);

/// `path` as the file that holds `node` means it: relative to that file's folder, made absolute.
[[nodiscard]] std::filesystem::path resolve_path(const YamlNode& node, const std::string& path);

}  // namespace aev::config
