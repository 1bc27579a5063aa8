#pragma once

#include <vector>

#include "config/policy_sections.h"

namespace aev::config {

/// `subscribers`, in file order. Subscribers with problems are in the result too, so that the
/// routes that name them are not blamed.
[[nodiscard]] std::vector<SubscriberConfig> read_subscribers(MapReader& root,
                                                             NamedPolicies& named,
                                                             const EnvironmentDefaults& defaults);

}  // namespace aev::config
