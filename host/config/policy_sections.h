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

  /// Where each stands and whether a subscriber names it, by its path (`retry_policies.slow`).
  struct Place {
    Location where;
    bool used = false;
  };

  std::map<std::string, Place> places;
};

[[nodiscard]] NamedPolicies read_named_policies(MapReader& root,
                                                const EnvironmentDefaults& defaults);

/// Everything in a subscriber's map that is the host's business: retry, dead_letter, batch and so
/// on.
[[nodiscard]] DeliveryPolicy read_delivery_policy(MapReader& subscriber,
                                                  NamedPolicies& named,
                                                  const EnvironmentDefaults& defaults);

/// Warns of policies that no subscriber names.
void warn_of_unused(const NamedPolicies& named, Report& report);

}  // namespace aev::config
