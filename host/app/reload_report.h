#pragma once

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
  std::size_t routes = 0;
};

/// 200 with `{"routes":n,"subscribers":{"added":[…],"changed":[…],"removed":[…],"unchanged":n},
/// "warnings":[…]}`; or a problem document, 400 for a configuration that is wrong, with
/// `"problems":[{"file","line","column","path","message"}…]`.
[[nodiscard]] admin::ApiResponse to_response(const ReloadReport& report);

}  // namespace aev::app
