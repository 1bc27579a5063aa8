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
/// to the thread that made it, but for reload().
class HostProcess {
 public:
  /// Opens the store, loads the plugins, starts delivery and then the server. `log` outlives
  /// it; its level and format follow the configuration.
  /// What is wrong with the configuration is appended to `problems` (the result is kInvalid then).
  [[nodiscard]] static Result<std::unique_ptr<HostProcess>> start(
      const config::Config& config, Log& log, std::vector<config::Problem>& problems);

  /// Stops at once what stop() has not stopped.
  virtual ~HostProcess() = default;

  /// `http://127.0.0.1:8080`, with the port that was really bound.
  [[nodiscard]] virtual std::string base_url() const = 0;

  /// How long stop() should be given, by the configuration of now.
  [[nodiscard]] virtual Duration drain_timeout() const = 0;

  /// Reads the configuration files again, with the secrets, event schemas and plugin libraries that
  /// they name, and takes all of it or nothing: what can fail comes first, new and changed
  /// subscribers are started beside the running ones. The few settings that need a restart are
  /// named in the report. Blocks while what goes drains, half a minute at most. Thread-safe: one
  /// runs at a time, and whoever asked meanwhile shares the next; kConflict once stop() was called.
  [[nodiscard]] virtual ReloadReport reload() = 0;

  /// Refuses new events, drains deliveries in flight until `deadline`, and closes the store.
  /// Blocks.
  virtual void stop(MonoTime deadline) = 0;
};

}  // namespace aev::app
