#include "delivery/latency_window.h"

#include <algorithm>
#include <vector>

namespace aev::delivery {

void LatencyWindow::add(Duration duration) {
  milliseconds_[count_++ % kSamples] = std::chrono::duration<float, std::milli>(duration).count();
}

LatencySummary LatencyWindow::summary() const {
  LatencySummary summary;
  summary.samples = std::min<std::uint64_t>(count_, kSamples);
  if (summary.samples == 0) {
    return summary;
  }
  std::vector<float> sorted(milliseconds_.begin(),
                            milliseconds_.begin() + static_cast<std::ptrdiff_t>(summary.samples));
  std::sort(sorted.begin(), sorted.end());
  const auto at = [&](double share) {
    return static_cast<double>(
        sorted[static_cast<std::size_t>(share * static_cast<double>(sorted.size() - 1))]);
  };
  summary.p50_ms = at(0.50);
  summary.p90_ms = at(0.90);
  summary.p99_ms = at(0.99);
  summary.max_ms = at(1);
  return summary;
}

}  // namespace aev::delivery
