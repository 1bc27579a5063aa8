#pragma once

#include <string>
#include <vector>

#include "config/config.h"

namespace aev::app {

/// Which settings beside subscribers and routes differ between the configuration that runs and the
/// next: the paths of those that a running host takes over, `log.level`. What only a restart takes
/// is appended to `problems` as a warning, with its place in the YAML; what must not be taken over
/// because of that, as an error.
[[nodiscard]] std::vector<std::string> compare_settings(
    const config::Config& running,
    const config::Config& next,
    const std::vector<config::Loaded::Shown>& shown,
    std::vector<config::Problem>& problems);

/// Where the value at `path` stands; the file alone if it stands nowhere (a default, or from the
/// environment).
[[nodiscard]] config::Location place_of(const std::string& path,
                                        const std::vector<config::Loaded::Shown>& shown,
                                        const config::Config& config);

/// Gives `next` the settings of `running` that only a restart changes.
void keep_what_needs_restart(const config::Config& running, config::Config& next);

}  // namespace aev::app
