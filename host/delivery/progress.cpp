#include "delivery/progress.h"

#include <algorithm>

#include "core/check.h"

namespace aev::delivery {

Progress::Progress(events::Seq cursor, std::vector<store::SeqRange> settled)
    : taken_upto_(cursor), settled_before_(settled.begin(), settled.end()) {}

bool Progress::take(events::Seq seq) {
  AEV_CHECK(seq > taken_upto_);
  taken_upto_ = seq;
  while (!settled_before_.empty() && settled_before_.front().last < seq) {
    settled_before_.pop_front();
  }
  const bool settled = !settled_before_.empty() && settled_before_.front().first <= seq;
  if (settled && entries_.empty()) {
    return false;
  }
  // A settled one behind an open one must stay known: the cursor cannot pass it yet.
  entries_.push_back({seq, settled});
  return !settled;
}

void Progress::pass(events::Seq seq) {
  taken_upto_ = std::max(taken_upto_, seq);
}

void Progress::settle(events::Seq seq) {
  const auto found =
      std::lower_bound(entries_.begin(), entries_.end(), seq,
                       [](const Entry& entry, events::Seq wanted) { return entry.seq < wanted; });
  AEV_CHECK(found != entries_.end() && found->seq == seq);
  found->settled = true;
  while (!entries_.empty() && entries_.front().settled) {
    entries_.pop_front();
  }
}

events::Seq Progress::cursor() const {
  return entries_.empty() ? taken_upto_ : entries_.front().seq - 1;
}

std::vector<store::SeqRange> Progress::settled() const {
  std::vector<store::SeqRange> ranges;
  bool joins = false;  // nothing that is open lies between this entry and the last range
  for (const Entry& entry : entries_) {
    if (!entry.settled) {
      joins = false;
    } else if (joins) {
      ranges.back().last = entry.seq;
    } else {
      ranges.push_back({entry.seq, entry.seq});
      joins = true;
    }
  }
  for (const store::SeqRange& range : settled_before_) {
    if (range.last > taken_upto_) {
      ranges.push_back({std::max(range.first, taken_upto_ + 1), range.last});
    }
  }
  return ranges;
}

}  // namespace aev::delivery
