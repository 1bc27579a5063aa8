#pragma once

#include <cstdint>
#include <string>

namespace aev::kafka {

/// What is known of a publishing subscriber at one moment.
struct PublishStatus {
  bool connected = false;
  std::int64_t queued = 0;  ///< messages whose fate is open
  std::uint64_t delivered = 0;
  std::uint64_t rejected = 0;
  std::uint64_t retried = 0;
  std::uint64_t not_connected = 0;
  std::uint64_t bytes = 0;
  std::string brokers;     ///< as configured
  std::string last_error;  ///< empty: none yet
  std::string statistics;  ///< librdkafka's latest, JSON; empty: none yet
};

/// The answer of the query `status`.
[[nodiscard]] std::string to_json(const PublishStatus& status);

}  // namespace aev::kafka
