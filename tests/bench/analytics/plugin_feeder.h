#pragma once

#include <cstdint>
#include <string>

#include "event_mix.h"

namespace aev::bench {

struct Measured {
  double wall_seconds = 0;
  double cpu_seconds = 0;  ///< of the whole process
};

/// Seconds of processor time that this process has used.
[[nodiscard]] double process_cpu_seconds();

/// Loads the plugin and leases it the events in batches, as a host does; returns when the last one
/// has been completed as delivered. Throws std::runtime_error.
[[nodiscard]] Measured feed_plugin(const std::string& plugin_file,
                                   const std::string& figures_file,
                                   const EventMix& mix,
                                   std::uint32_t batch_events,
                                   std::uint32_t batches_in_flight);

}  // namespace aev::bench
