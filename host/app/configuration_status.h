#pragma once

#include <cstdint>
#include <string>

#include "app/reload_report.h"
#include "core/clock.h"
#include "core/metrics.h"
#include "core/mutex.h"

namespace aev::app {

/// Which configuration runs, since when, and how the last reload ended: as metrics and for
/// /v1/stats. Thread-safe.
class ConfigurationStatus {
 public:
  /// The configuration that the host started with is generation 1. The clock outlives this object.
  ConfigurationStatus(std::string file, const Clock& clock, Metrics& metrics);

  /// A reload ended so; one that was not refused begins a generation, which the report then names.
  void note(ReloadReport& report) AEV_EXCLUDES(mutex_);

  /// `{"file","generation","since","last_reload":{"at","result","reason"}}`; last_reload is null
  /// before the first one.
  [[nodiscard]] std::string to_json() const AEV_EXCLUDES(mutex_);

 private:
  const std::string file_;
  const Clock& clock_;
  const Counter taken_;
  const Counter refused_;
  const Gauge generation_gauge_;
  const Gauge success_time_;
  mutable Mutex mutex_;
  std::uint64_t generation_ AEV_GUARDED_BY(mutex_) = 1;
  std::int64_t since_unix_ns_ AEV_GUARDED_BY(mutex_) = 0;
  std::int64_t last_unix_ns_ AEV_GUARDED_BY(mutex_) = 0;  // 0: none yet
  std::string last_refusal_ AEV_GUARDED_BY(mutex_);       // empty: it was taken
};

}  // namespace aev::app
