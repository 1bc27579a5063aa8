#pragma once

#include <cstdint>
#include <vector>

namespace aev::routing {

/// Which of many intervals hold a number: a balanced tree over their lower ends in which each node
/// knows the highest upper end below it. Takes logarithmic time plus that of what is found.
/// Immutable once finished.
class IntervalIndex {
 public:
  /// Both ends belong to the interval.
  void add(double low, double high, std::uint32_t target) {
    entries_.push_back({low, high, high, target});
  }

  void finish();

  [[nodiscard]] bool empty() const { return entries_.empty(); }

  template <typename Visit>
  void find(double number, const Visit& visit) const {
    find_in(0, entries_.size(), number, visit);
  }

 private:
  struct Entry {
    double low = 0;
    double high = 0;
    double highest = 0;  // of the subtree whose root this is
    std::uint32_t target = 0;
  };

  double set_highest(std::size_t first, std::size_t last);

  template <typename Visit>
  void find_in(std::size_t first, std::size_t last, double number, const Visit& visit) const {
    while (first < last) {
      const std::size_t middle = first + (last - first) / 2;
      const Entry& entry = entries_[middle];
      if (entry.highest < number) {
        return;
      }
      find_in(first, middle, number, visit);
      if (entry.low > number) {
        return;
      }
      if (entry.high >= number) {
        visit(entry.target);
      }
      first = middle + 1;
    }
  }

  std::vector<Entry> entries_;
};

}  // namespace aev::routing
