#pragma once

#include <vector>

#include "config/map_reader.h"

namespace aev::config {

/// `routes`; a route to a subscriber that `subscribers` does not hold is a problem. Whether a
/// pattern is sound is for the router to say.
[[nodiscard]] std::vector<RouteConfig> read_routes(
    MapReader& root, const std::vector<SubscriberConfig>& subscribers);

/// `tests`: events, and where they are expected to go by which of the routes.
[[nodiscard]] std::vector<RouteTest> read_route_tests(
    MapReader& root,
    const std::vector<SubscriberConfig>& subscribers,
    const std::vector<RouteConfig>& routes);

}  // namespace aev::config
