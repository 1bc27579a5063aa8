#include "offset_tracker.h"

#include <algorithm>

namespace aev::kafka {

bool OffsetTracker::open(std::int64_t offset) {
  if (offset <= last_) {
    return false;
  }
  last_ = offset;
  settled_upto_ = settled_upto_.value_or(offset);
  entries_.push_back({offset, false});
  ++open_;
  return true;
}

std::optional<std::int64_t> OffsetTracker::close(std::int64_t offset) {
  const auto found = std::lower_bound(
      entries_.begin(), entries_.end(), offset,
      [](const Entry& entry, std::int64_t wanted) { return entry.offset < wanted; });
  if (found == entries_.end() || found->offset != offset || found->closed) {
    return std::nullopt;
  }
  found->closed = true;
  --open_;
  if (found != entries_.begin()) {
    return std::nullopt;
  }
  while (!entries_.empty() && entries_.front().closed) {
    settled_upto_ = entries_.front().offset + 1;
    entries_.pop_front();
  }
  return settled_upto_;
}

}  // namespace aev::kafka
