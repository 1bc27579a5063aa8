#pragma once

#include "core/clock.h"
#include "core/log.h"
#include "core/metrics.h"
#include "loader/host_services.h"
#include "loader/metrics_extension.h"
#include "loader/plugins.h"

namespace aev::loader {

/// What every instance needs of its surroundings; owned by Plugins. All thread-safe.
struct LoaderServices {
  const Clock& clock;
  Metrics& metrics;
  const Logger logger;
  const LoaderOptions options;
  HostServices* host;  ///< null: none of emit, history and state
  MetricKinds metric_kinds;
};

}  // namespace aev::loader
