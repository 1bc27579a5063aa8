#include "applied_seqs.h"

#include <algorithm>

#include "byte_codec.h"

namespace aev::security {

std::deque<AppliedSeqs::Range>::const_iterator AppliedSeqs::range_from(std::uint64_t seq) const {
  return std::lower_bound(
      ranges_.begin(), ranges_.end(), seq,
      [](const Range& range, std::uint64_t wanted) { return range.last < wanted; });
}

bool AppliedSeqs::contains(std::uint64_t seq) const {
  const auto found = range_from(seq);
  return found != ranges_.end() && found->first <= seq;
}

bool AppliedSeqs::add(std::uint64_t seq) {
  if (ranges_.empty() || seq > ranges_.back().last) {
    if (!ranges_.empty() && seq == ranges_.back().last + 1) {
      ranges_.back().last = seq;
    } else {
      ranges_.push_back({seq, seq});
    }
  } else {
    const auto index = static_cast<std::size_t>(range_from(seq) - ranges_.begin());
    Range& next = ranges_[index];
    if (next.first <= seq) {
      return false;
    }
    const bool joins_next = next.first == seq + 1;
    const bool joins_last = index > 0 && ranges_[index - 1].last + 1 == seq;
    if (joins_next && joins_last) {
      next.first = ranges_[index - 1].first;
      ranges_.erase(ranges_.begin() + static_cast<std::ptrdiff_t>(index) - 1);
    } else if (joins_next) {
      next.first = seq;
    } else if (joins_last) {
      ranges_[index - 1].last = seq;
    } else {
      ranges_.insert(ranges_.begin() + static_cast<std::ptrdiff_t>(index), {seq, seq});
    }
  }
  if (ranges_.size() > kMostRanges) {
    floor_ = ranges_.front().last + 1;
    ranges_.pop_front();
  }
  return true;
}

std::string AppliedSeqs::save() const {
  ByteWriter out;
  out.number(floor_);
  out.number(ranges_.size());
  for (const Range& range : ranges_) {
    out.number(range.first);
    out.number(range.last);
  }
  return out.take();
}

bool AppliedSeqs::load(std::string_view saved) {
  ByteReader in(saved);
  floor_ = in.number();
  ranges_.clear();
  for (std::uint64_t n = in.number(); n > 0 && in.ok(); --n) {
    const std::uint64_t first = in.number();
    ranges_.push_back({first, in.number()});
  }
  return in.at_end();
}

}  // namespace aev::security
