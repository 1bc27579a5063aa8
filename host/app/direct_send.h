#pragma once

#include <string>
#include <vector>

#include "app/exit_code.h"

namespace CLI {
class App;
}

namespace aev::app {

/// Where `emit --to-url` sends, without a host, a store or a route.
struct DirectTarget {
  std::string url;
  std::string secret;
  std::string format = "event";
  std::vector<std::string> signatures;
  std::vector<std::string> allow_networks;
};

void add_direct_options(CLI::App& verb, DirectTarget& target);

/// Sends `event_json`, or each line of `files` if it is empty, through the webhook plugin: one
/// attempt each, one line each with how it went. kExitFailed if any was not delivered.
[[nodiscard]] ExitCode send_directly(const DirectTarget& target,
                                     const std::string& event_json,
                                     const std::vector<std::string>& files);

}  // namespace aev::app
