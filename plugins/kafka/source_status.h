#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "in_flight.h"
#include "intake.h"

namespace aev::kafka {

/// How far a partition is.
struct PartitionPosition {
  PartitionName name;
  std::int64_t settled = -1;  ///< offset of the first message that is not; -1: none read yet
  std::int64_t high = -1;     ///< end of the partition as last heard of; -1: not yet
  std::size_t open = 0;       ///< messages read that are not durable
};

/// What is known of a source at one moment.
struct SourceStatus {
  std::string group;
  bool paused = false;  ///< more is open than may be
  std::uint64_t rebalances = 0;
  std::size_t open = 0;
  Intake::Counts counts;
  std::string last_error;
  std::vector<PartitionPosition> partitions;
};

/// The partitions that `client` is assigned now; asks no broker.
[[nodiscard]] std::vector<PartitionPosition> read_positions(rd_kafka_t& client,
                                                            const InFlightTable& table);

/// Messages that are not settled, as far as the ends of the partitions are known.
[[nodiscard]] std::int64_t total_lag(const SourceStatus& status);

/// The answer of the query `status`.
[[nodiscard]] std::string to_json(const SourceStatus& status);

}  // namespace aev::kafka
