#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "config/config.h"

namespace aev::app {

/// How the subscribers of two configurations differ, by name.
struct SubscriberChanges {
  std::vector<std::string> added;
  std::vector<std::string> changed;  ///< another plugin, `config:` or policy
  std::vector<std::string> removed;

  /// True if the name was added or changed.
  [[nodiscard]] bool concerns(std::string_view name) const;
};

[[nodiscard]] SubscriberChanges compare_subscribers(const config::Config& before,
                                                    const config::Config& after);

}  // namespace aev::app
