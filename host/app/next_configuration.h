#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "app/subscriber_changes.h"
#include "config/config.h"
#include "core/clock.h"
#include "core/log.h"
#include "core/metrics.h"
#include "events/event_schemas.h"
#include "loader/plugins.h"

namespace aev::app {

/// A configuration that has been read and checked beside the one that runs.
struct NextConfiguration {
  config::Config config;  ///< with what only a restart changes as it is now
  std::vector<config::Loaded::Shown> shown;
  std::unique_ptr<loader::Plugins> plugins;  ///< as a new search of the path found them
  std::shared_ptr<const events::EventSchemas> schemas;
  SubscriberChanges subscribers;
  std::vector<std::string> settings;  ///< other settings that differ
};

/// Reads the files of `running` again with everything that they name (secrets, event schemas,
/// plugin libraries), checks it all, and compares it with `running`, `plugins` and `schemas`.
/// Nothing if anything is wrong, which `problems` tells; warnings are there as well. Changes
/// nothing that runs; libraries that are new are loaded.
[[nodiscard]] std::optional<NextConfiguration> read_next_configuration(
    const config::Config& running,
    const loader::Plugins& plugins,
    const events::EventSchemas& schemas,
    const Clock& clock,
    Metrics& metrics,
    const Log& log,
    std::vector<config::Problem>& problems);

/// Where `error` of a subscriber lies, whose pointer begins with the subscriber's name.
[[nodiscard]] config::Problem subscriber_problem(const config::Config& config, const Error& error);

}  // namespace aev::app
