#pragma once

#include <cstdint>
#include <vector>

#include <aev/plugin.hpp>

#include "connection.h"
#include "hub.h"

namespace aev::websocket {

/// The instance's series at the host's /metrics, all labelled with the subscriber's name. Confined
/// to the I/O thread.
class Metrics {
 public:
  explicit Metrics(sdk::Host host);

  /// Brings the series up to date.
  void update(const Hub& hub, const RefusalCounters& refusals);

 private:
  struct Counter {
    sdk::Metric metric;
    std::uint64_t told = 0;

    void to(std::uint64_t value) {
      if (value > told) {
        metric.record(static_cast<double>(value - told));
        told = value;
      }
    }
  };

  sdk::Metric clients_;
  std::vector<Counter> hub_counters_;
  std::vector<Counter> refusals_;
};

}  // namespace aev::websocket
