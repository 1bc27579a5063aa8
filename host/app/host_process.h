#pragma once

#include <memory>
#include <string>
#include <vector>

#include "app/reload_report.h"
#include "config/config.h"
#include "core/clock.h"
#include "core/log.h"
#include "core/result.h"

namespace aev::app {

/// The running host: store, plugins, routes, delivery and the HTTP server, wired together. Confined
/// to the thread that made it.
class HostProcess {
 public:
  /// Opens the store, loads the plugins, starts delivery and then the server. `log` outlives it.
  /// What is wrong with the configuration is appended to `problems` (the result is kInvalid then).
  [[nodiscard]] static Result<std::unique_ptr<HostProcess>> start(
      const config::Config& config, const Log& log, std::vector<config::Problem>& problems);

  /// Stops at once what stop() has not stopped.
  virtual ~HostProcess() = default;

  /// `http://127.0.0.1:8080`, with the port that was really bound.
  [[nodiscard]] virtual std::string base_url() const = 0;

  /// Reads the configuration file again and takes its routes and subscribers, all or none: new and
  /// changed subscribers are started beside the running ones first. Other parts that changed need
  /// a restart, which the report says. Blocks while what goes drains. Thread-safe; one at a time.
  [[nodiscard]] virtual ReloadReport reload() = 0;

  /// Refuses new events, drains deliveries in flight until `deadline`, and closes the store.
  /// Blocks.
  virtual void stop(MonoTime deadline) = 0;
};

}  // namespace aev::app
