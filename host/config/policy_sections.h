#pragma once

#include <map>
#include <string>

#include "config/environment_defaults.h"
#include "config/map_reader.h"

namespace aev::config {

/// `retry_policies` and `dead_letter_policies`.
struct NamedPolicies {
  std::map<std::string, RetryPolicy, std::less<>> retry;
  std::map<std::string, DeadLetterPolicy, std::less<>> dead_letter;
};

[[nodiscard]] NamedPolicies read_named_policies(MapReader& root,
                                                const EnvironmentDefaults& defaults);

/// Everything in a subscriber's map that is the host's business: retry, dead_letter, batch and so
/// on.
[[nodiscard]] DeliveryPolicy read_delivery_policy(MapReader& subscriber,
                                                  const NamedPolicies& named,
                                                  const EnvironmentDefaults& defaults);

}  // namespace aev::config
