#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <string>
#include <string_view>

namespace aev::security {

/// The seqs of events that have been applied, so that one delivered again changes nothing. Keeps
/// the latest kMostRanges runs of them; what lies below is too long ago for the host to deliver it
/// again on its own (it remembers what was settled 100 ms ago), so below_floor() matters to replays
/// only. Confined to one thread.
class AppliedSeqs {
 public:
  static constexpr std::size_t kMostRanges = 1u << 18;

  /// False if it was there already.
  bool add(std::uint64_t seq);

  [[nodiscard]] bool contains(std::uint64_t seq) const;

  /// True if it is too old to know.
  [[nodiscard]] bool below_floor(std::uint64_t seq) const { return seq < floor_; }

  [[nodiscard]] std::string save() const;
  /// False if `saved` is damaged.
  [[nodiscard]] bool load(std::string_view saved);

 private:
  struct Range {
    std::uint64_t first = 0;
    std::uint64_t last = 0;
  };

  [[nodiscard]] std::deque<Range>::const_iterator range_from(std::uint64_t seq) const;

  std::deque<Range> ranges_;  // ascending, none touches the next
  std::uint64_t floor_ = 0;   // nothing is known of what lies below
};

}  // namespace aev::security
