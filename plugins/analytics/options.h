#pragma once

#include <chrono>
#include <string>

#include <aev/plugin.hpp>

#include "granularity.h"

namespace aev::analytics {

/// The subscriber's `config:`.
struct Options {
  std::string file;
  std::chrono::milliseconds commit_interval{50};
  Retention retention;
};

/// Reads a configuration that fits the schema. Throws sdk::ConfigError for what the schema cannot
/// say.
[[nodiscard]] Options parse_options(sdk::Json config);

/// JSON Schema, draft 7, of the configuration.
[[nodiscard]] const char* config_schema() noexcept;

/// The text as a JSON string ("minute": "2d") would write that retention.
[[nodiscard]] std::string describe_seconds(std::int64_t seconds);

}  // namespace aev::analytics
