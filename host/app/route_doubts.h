#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "config/config.h"
#include "events/event_schemas.h"

namespace aev::app {

/// Warns of what a configuration may say and hardly means: event types and fields in routes
/// and tests that look like known ones mistyped, values that a field can never have, routes
/// that repeat an earlier one. Patterns that are wrong are left to compile_routes().
void check_doubts(const config::Config& config,
                  const events::EventSchemas& schemas,
                  std::vector<config::Problem>& problems);

/// `routes.NAME`, or `routes[n]` for one without a name of its own.
[[nodiscard]] std::string route_path(const config::RouteConfig& route);

/// `routes.x.match` and `/data/0/y` as `routes.x.match.data[0].y`.
[[nodiscard]] std::string path_of_pointer(std::string_view prefix, std::string_view pointer);

/// The place of `pointer` or of the nearest enclosing part that has one.
[[nodiscard]] config::Location locate(const config::SourceMap& sources,
                                      std::string pointer,
                                      const config::Location& fallback);

}  // namespace aev::app
