#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <string>

#include <aev/plugin.h>

#include "core/metrics.h"
#include "core/mutex.h"
#include "loader/gate.h"

namespace aev::loader {

/// Which kind each plugin-made metric name is, over all plugins. Thread-safe.
class MetricKinds {
 public:
  /// True if `name` was free or is of this kind already.
  [[nodiscard]] bool claim(const std::string& name, std::uint32_t kind) AEV_EXCLUDES(mutex_);

 private:
  Mutex mutex_;
  std::map<std::string, std::uint32_t> kinds_ AEV_GUARDED_BY(mutex_);
};

/// The series that one instance has asked for (aev.metrics/1). Thread-safe.
class MetricsExtension {
 public:
  /// All borrowed. Updates of a series are ignored once `gate` is closed.
  MetricsExtension(Metrics& metrics, MetricKinds& kinds, Gate& gate);
  ~MetricsExtension();
  MetricsExtension(const MetricsExtension&) = delete;
  MetricsExtension& operator=(const MetricsExtension&) = delete;

  /// As aev_metrics.series says; call it inside the gate.
  [[nodiscard]] aev_metric* series(std::uint32_t kind,
                                   aev_str name,
                                   aev_str help,
                                   const aev_attr* labels,
                                   std::uint32_t label_count,
                                   const double* bounds,
                                   std::uint32_t bound_count) AEV_EXCLUDES(mutex_);

  /// As aev_metrics.record and aev_metrics.set say.
  static void record(aev_metric* metric, double value);
  static void set(aev_metric* metric, double value);

 private:
  Metrics& metrics_;
  MetricKinds& kinds_;
  Gate& gate_;
  Mutex mutex_;
  std::map<std::string, std::unique_ptr<aev_metric>> series_ AEV_GUARDED_BY(mutex_);
};

}  // namespace aev::loader
