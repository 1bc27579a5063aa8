#pragma once

#include <deque>
#include <span>
#include <string>
#include <vector>

#include <librdkafka/rdkafka.h>

#include <aev/plugin.hpp>

#include "publish_lease.h"

namespace aev::kafka {

/// Delivery reports on their way to the host: neighbours of one lease with the same fate become one
/// result. Confined to one thread.
class ReportRuns {
 public:
  /// The fate of the event of `tag`, whose message went to `topic`: outcome_of() says which.
  void add(const MessageTag& tag, rd_kafka_resp_err_t error, const std::string& topic);

  /// Adds an event that was given up with that reason.
  void add(const MessageTag& tag, aev_outcome outcome, std::int32_t code, std::string reason);

  [[nodiscard]] std::span<const aev_result> results() const { return results_; }

  /// Parallel to results().
  [[nodiscard]] std::span<PublishLease* const> leases() const { return leases_; }

  void clear();

 private:
  bool extend(const MessageTag& tag, aev_outcome outcome, std::int32_t code);

  std::vector<aev_result> results_;
  std::vector<PublishLease*> leases_;
  std::deque<std::string> reasons_;  // what results_ point to; a deque, for it moves none
  std::string topic_;                // of the last result, if it failed
};

}  // namespace aev::kafka
