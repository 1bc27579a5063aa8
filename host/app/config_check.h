#pragma once

#include <memory>
#include <string>
#include <vector>

#include "config/config.h"
#include "events/event_schemas.h"
#include "events/targets.h"
#include "loader/plugins.h"
#include "routing/router.h"

namespace aev::app {

/// Checks every subscriber's plugin, its `config:` against the plugin's JSON Schema and the
/// plugin's own validate(), and appends what is wrong. `plugins` must have been opened.
void check_subscribers(const config::Config& config,
                       const loader::Plugins& plugins,
                       std::vector<config::Problem>& problems);

/// A problem of the part of a subscriber's `config:` that a JSON Pointer leads to.
[[nodiscard]] config::Problem problem_at(const config::SubscriberConfig& subscriber,
                                         const std::string& pointer,
                                         std::string message);

/// Warns of subscribers that no route names and of default routes that can never fire; a route that
/// names a source is an error.
void check_routes(const config::Config& config,
                  const loader::Plugins& plugins,
                  std::vector<config::Problem>& problems);

/// The schemas of event types, shipped and configured. A configured file that is no schema is an
/// error, a type of `schemas.events` without one a warning.
[[nodiscard]] std::shared_ptr<const events::EventSchemas> load_schemas(
    const config::Config& config, std::vector<config::Problem>& problems);

/// Lets every subscriber's plugin probe what it connects to (aev.check), each within `patience`,
/// and appends what is out of reach. Blocks.
void probe_subscribers(const config::Config& config,
                       loader::Plugins& plugins,
                       Duration patience,
                       std::vector<config::Problem>& problems);

/// Compiles the routes; `ids` are the numbers of config.subscribers, in the same order. Null when a
/// pattern is wrong; every fault is appended with its line and column.
[[nodiscard]] std::shared_ptr<const routing::Router> compile_routes(
    const config::Config& config,
    const std::vector<events::SubscriberId>& ids,
    std::vector<config::Problem>& problems);

/// 1, 2, 3 … for the subscribers: good enough to route with when there is no store.
[[nodiscard]] std::vector<events::SubscriberId> provisional_ids(const config::Config& config);

/// Names of the subscribers in `targets`, in the order of the configuration.
[[nodiscard]] std::vector<std::string> target_names(const config::Config& config,
                                                    const std::vector<events::SubscriberId>& ids,
                                                    const events::TargetSet& targets);

/// True if a problem is an error rather than a warning.
[[nodiscard]] bool has_errors(const std::vector<config::Problem>& problems);

/// One line each on standard error.
void print_problems(const std::vector<config::Problem>& problems);

}  // namespace aev::app
