#pragma once

#include <string_view>
#include <vector>

#include "settings.h"

namespace aev::security {

/// Name of the rule that `debates:` configures.
inline constexpr std::string_view kDebateRule = "security-debate";

/// The rules of a configuration that has no `rules`: failed logins of one address, one user from
/// many addresses, a burst of rate limits.
[[nodiscard]] std::vector<RuleSettings> default_rules();

/// Aragora's security dispatcher with its defaults.
[[nodiscard]] RuleSettings default_debate_rule();

}  // namespace aev::security
