#pragma once

#include <cstdint>
#include <string>

#include "event_mix.h"
#include "plugin_feeder.h"

namespace aev::bench {

/// Only the libraries' share of the work: simdjson reads each event's data, then SQLite adds the
/// sums of as many buckets and debates as a group of events touches, `group_events` at a time, each
/// group in a synced transaction. Throws std::runtime_error.
[[nodiscard]] Measured count_bare(const std::string& file,
                                  const EventMix& mix,
                                  std::size_t group_events);

/// Events that the plugin's file counts by day: all of them, or the figures are wrong.
[[nodiscard]] std::int64_t counted_events(const std::string& figures_file);

}  // namespace aev::bench
