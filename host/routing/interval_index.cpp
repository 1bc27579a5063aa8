#include "routing/interval_index.h"

#include <algorithm>
#include <limits>

namespace aev::routing {

void IntervalIndex::finish() {
  std::sort(entries_.begin(), entries_.end(),
            [](const Entry& a, const Entry& b) { return a.low < b.low; });
  set_highest(0, entries_.size());
}

double IntervalIndex::set_highest(std::size_t first, std::size_t last) {
  if (first == last) {
    return -std::numeric_limits<double>::infinity();
  }
  const std::size_t middle = first + (last - first) / 2;
  const double left = set_highest(first, middle);
  const double right = set_highest(middle + 1, last);
  Entry& entry = entries_[middle];
  entry.highest = std::max({entry.high, left, right});
  return entry.highest;
}

}  // namespace aev::routing
