#pragma once

#include <string>
#include <vector>

#include "config/config.h"
#include "events/event.h"

namespace aev::app {

/// Why a route does not match an event: a line for each field of its pattern that does not match by
/// itself, with what it wants and what the event has; one line that says so if every field matches
/// alone but not together. Empty if the route matches. `config` has the routes that the default
/// route stands behind.
[[nodiscard]] std::vector<std::string> explain_mismatch(const config::Config& config,
                                                        const config::RouteConfig& route,
                                                        const events::Event& event);

}  // namespace aev::app
