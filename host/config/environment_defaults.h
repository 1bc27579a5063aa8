#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "config/config.h"

namespace aev::config {

/// A value for when the YAML says nothing, and where it came from (`default`, `environment NAME`).
template <typename T>
struct Setting {
  T value{};
  std::string origin = "default";
};

/// The built-in defaults as changed by the environment: the names of DESIGN section 8 first, then
/// Aragora's own names for the same things.
struct EnvironmentDefaults {
  Setting<Duration> timeout;
  Setting<std::uint32_t> max_attempts;
  Setting<Duration> initial_interval;
  Setting<Duration> max_interval;
  Setting<std::uint32_t> concurrency;
  Setting<std::uint32_t> batch_max_events;
  Setting<Duration> batch_max_delay;
  Setting<Duration> dead_letter_retention;
  Setting<std::uint64_t> dead_letter_max_events;
  Setting<std::string> data_dir;          ///< empty: the built-in one
  Setting<std::string> bind_host;         ///< of api.listen
  Setting<std::string> signature_secret;  ///< empty: none
};

/// A value that is set but wrong is a problem that names the variable, even if the YAML overrules
/// it.
[[nodiscard]] EnvironmentDefaults read_environment_defaults(const Environment& environment,
                                                            std::vector<Problem>& problems);

}  // namespace aev::config
