#include "delivery/lane_metrics.h"

#include <iterator>

namespace aev::delivery {
namespace {

/// Of one subscriber; the family itself is bounded by Metrics.
constexpr std::size_t kMaxTypes = 400;

constexpr const char* kOutcomes[] = {"delivered", "retry", "reject", "skip", "not_connected"};
constexpr const char* kReasons[] = {"rejected", "exhausted", "expired", "disabled", "plugin_fault"};

}  // namespace

LaneMetrics::LaneMetrics(Metrics& metrics, const std::string& subscriber) : metrics_(&metrics) {
  const MetricLabels label = {{"subscriber", subscriber}};
  for (std::size_t i = 0; i < std::size(kOutcomes); ++i) {
    attempts_[i] =
        metrics.counter("aragora_delivery_attempts_total", "Attempts that ended, by outcome",
                        {{"subscriber", subscriber}, {"outcome", kOutcomes[i]}});
  }
  for (std::size_t i = 0; i < std::size(kReasons); ++i) {
    dead_[i] = metrics.counter("aragora_dlq_added_total", "Deliveries given up, by reason",
                               {{"subscriber", subscriber}, {"reason", kReasons[i]}});
  }
  retries_ = metrics.counter("aragora_delivery_retries_total", "Attempts beyond the first", label);
  faults_ = metrics.counter("aragora_plugin_faults_total",
                            "Attempts lost because the plugin broke its contract", label);
  restarts_ = metrics.counter("aragora_plugin_restarts_total", "Instances created anew", label);
  seconds_ = metrics.histogram("aragora_delivery_attempt_seconds", "Time of an attempt", label,
                               {.001, .0025, .005, .01, .025, .05, .1, .25, .5, 1, 2.5, 5, 10, 30});
  in_flight_ = metrics.gauge("aragora_delivery_in_flight", "Events leased to the plugin", label);
  open_ = metrics.gauge("aragora_delivery_open", "Events taken in and not settled up to the cursor",
                        label);
}

void LaneMetrics::attempt(loader::Outcome outcome, double seconds) {
  attempts_[static_cast<std::size_t>(outcome) % std::size(kOutcomes)].add();
  seconds_.observe(seconds);
}

void LaneMetrics::dead_letter(store::DeadReason reason) {
  dead_[static_cast<std::size_t>(reason) % std::size(kReasons)].add();
}

void LaneMetrics::gauges(std::size_t in_flight, std::size_t open) {
  in_flight_.set(static_cast<double>(in_flight));
  open_.set(static_cast<double>(open));
}

void LaneMetrics::count(ByType& family,
                        const char* name,
                        const char* help,
                        std::string_view event_type) {
  auto found = family.find(event_type);
  if (found == family.end()) {
    const std::string type(family.size() < kMaxTypes ? event_type : "other");
    found = family.emplace(type, metrics_->counter(name, help, {{"event_type", type}})).first;
  }
  found->second.add();
}

}  // namespace aev::delivery
