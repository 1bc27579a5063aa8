#include "report_runs.h"

#include <utility>

#include "outcome.h"

namespace aev::kafka {

bool ReportRuns::extend(const MessageTag& tag, aev_outcome outcome, std::int32_t code) {
  if (results_.empty()) {
    return false;
  }
  aev_result& last = results_.back();
  if (last.batch_id != tag.lease->batch_id || last.first + last.count != tag.index ||
      last.outcome != outcome || last.code != code) {
    return false;
  }
  ++last.count;
  return true;
}

void ReportRuns::add(const MessageTag& tag, rd_kafka_resp_err_t error, const std::string& topic) {
  const aev_outcome outcome = outcome_of(error);
  const auto code = static_cast<std::int32_t>(error);
  if (outcome == AEV_DELIVERED) {
    if (!extend(tag, outcome, code)) {
      results_.push_back({tag.lease->batch_id, tag.index, 1, outcome, 0, 0, code, {}});
      leases_.push_back(tag.lease);
    }
    topic_.clear();
    return;
  }
  if (topic_ == topic && extend(tag, outcome, code)) {
    return;
  }
  add(tag, outcome, code, describe_error(error, topic));
  topic_ = topic;
}

void ReportRuns::add(const MessageTag& tag,
                     aev_outcome outcome,
                     std::int32_t code,
                     std::string reason) {
  reasons_.push_back(std::move(reason));
  results_.push_back(
      {tag.lease->batch_id, tag.index, 1, outcome, 0, 0, code, sdk::str(reasons_.back())});
  leases_.push_back(tag.lease);
  topic_.clear();
}

void ReportRuns::clear() {
  results_.clear();
  leases_.clear();
  reasons_.clear();
  topic_.clear();
}

}  // namespace aev::kafka
