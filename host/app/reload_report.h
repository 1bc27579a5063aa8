#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "admin/api_message.h"
#include "config/config.h"
#include "core/result.h"

namespace aev::app {

/// What came of taking a configuration anew.
struct ReloadReport {
  std::vector<config::Problem> problems;  ///< errors, and warnings of what needs a restart
  std::optional<Error> refused;           ///< why everything stayed as it was
  std::vector<std::string> added;
  std::vector<std::string> changed;
  std::vector<std::string> removed;
  std::size_t unchanged = 0;  ///< subscribers that did not notice
  /// Of `changed`: only what the host does for them, so their plugin instances went on.
  std::vector<std::string> policy_only;
  /// Of `changed` and `removed`: have deliveries in flight that take their time.
  std::vector<std::string> draining;
  std::vector<std::string> settings;  ///< others that differ and were taken: `log.level`
  std::size_t routes = 0;
  std::uint64_t generation = 0;  ///< number of the configuration that runs now
};

/// 200 with `{"generation":n,"routes":n,"subscribers":{"added":[…],"changed":[…],"removed":[…],
/// "unchanged":n,"policy_only":[…],"draining":[…]},"settings":[…],"warnings":[…]}`; or a problem
/// document, 400 for a configuration that is wrong and 409 for one that could not be started, with
/// `"problems":[{"file","line","column","path","message"}…]` and the generation that goes on.
[[nodiscard]] admin::ApiResponse to_response(const ReloadReport& report);

}  // namespace aev::app
