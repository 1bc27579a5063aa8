#pragma once

#include <map>
#include <string>
#include <string_view>

#include "core/metrics.h"
#include "loader/instance.h"
#include "store/delivery_records.h"

namespace aev::delivery {

/// The series of one subscriber. Confined to the dispatcher's thread.
class LaneMetrics {
 public:
  LaneMetrics(Metrics& metrics, const std::string& subscriber);

  void attempt(loader::Outcome outcome, double seconds);

  void delivered(std::string_view event_type) {
    count(dispatched_, "aragora_events_dispatched_total", "Events delivered, by type", event_type);
  }

  void failed(std::string_view event_type) {
    count(failed_, "aragora_events_failed_total", "Attempts that failed, by type", event_type);
  }

  void dead_letter(store::DeadReason reason);

  void retried() { retries_.add(); }

  void plugin_fault() { faults_.add(); }

  void restarted() { restarts_.add(); }

  void gauges(std::size_t in_flight, std::size_t open);

 private:
  using ByType = std::map<std::string, Counter, std::less<>>;
  void count(ByType& family, const char* name, const char* help, std::string_view event_type);

  Metrics* metrics_;
  ByType dispatched_;
  ByType failed_;
  Counter attempts_[5];
  Counter retries_;
  Counter faults_;
  Counter restarts_;
  Counter dead_[5];
  Histogram seconds_;
  Gauge in_flight_;
  Gauge open_;
};

}  // namespace aev::delivery
