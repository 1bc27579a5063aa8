#include "sliding_window.h"

#include <algorithm>
#include <unordered_set>

namespace aev::security {
namespace {

/// Values seen so far; the first few need no memory of their own.
class ValueSet {
 public:
  bool insert(std::uint64_t value) {
    if (count_ < kFew) {
      for (std::size_t i = 0; i < count_; ++i) {
        if (few_[i] == value) {
          return false;
        }
      }
      few_[count_++] = value;
      if (count_ == kFew) {
        many_.insert(few_, few_ + kFew);
      }
      return true;
    }
    const bool added = many_.insert(value).second;
    count_ += added ? 1 : 0;
    return added;
  }

  [[nodiscard]] std::size_t size() const { return count_; }

 private:
  static constexpr std::size_t kFew = 16;
  std::uint64_t few_[kFew];
  std::size_t count_ = 0;
  std::unordered_set<std::uint64_t> many_;
};

}  // namespace

WindowHit SlidingWindow::add(const WindowRule& rule, const WindowEvent& event) {
  if (size() >= rule.most_events) {
    make_room(rule);
  }
  std::size_t at = size();
  if (empty() || event.time_ns >= newest_ns()) {
    events_.push_back(event);
  } else {
    const auto place = std::upper_bound(
        events_.begin() + static_cast<std::ptrdiff_t>(head_), events_.end(), event.time_ns,
        [](std::int64_t time, const WindowEvent& each) { return time < each.time_ns; });
    at = static_cast<std::size_t>(place - events_.begin()) - head_;
    events_.insert(place, event);
  }
  return rule.distinct ? count_values(rule, at) : count_events(rule, at);
}

WindowHit SlidingWindow::count_events(const WindowRule& rule, std::size_t at) const {
  const std::size_t needed = rule.count;
  const std::size_t begin = at + 1 >= needed ? at + 1 - needed : 0;
  for (std::size_t first = begin; first <= at && first + needed <= size(); ++first) {
    std::size_t last = first + needed - 1;
    const std::int64_t start = (*this)[first].time_ns;
    if ((*this)[last].time_ns - start <= rule.within_ns) {
      return {true, first, last, rule.count};
    }
  }
  return {};
}

WindowHit SlidingWindow::values_before(const WindowRule& rule, std::size_t last) const {
  ValueSet values;
  std::size_t first = last;
  for (std::size_t i = last + 1; i-- > 0;) {
    if ((*this)[last].time_ns - (*this)[i].time_ns > rule.within_ns) {
      break;
    }
    first = i;
    values.insert((*this)[i].value);
    if (values.size() >= rule.count) {
      return {true, first, last, static_cast<std::uint32_t>(values.size())};
    }
  }
  return {};
}

WindowHit SlidingWindow::count_values(const WindowRule& rule, std::size_t at) const {
  // Every span that contains the event ends at it or at a later one.
  for (std::size_t last = at; last < size(); ++last) {
    if ((*this)[last].time_ns - (*this)[at].time_ns > rule.within_ns) {
      break;
    }
    if (const WindowHit hit = values_before(rule, last); hit.reached) {
      return hit;
    }
  }
  return {};
}

void SlidingWindow::widen(const WindowRule& rule, WindowHit& hit) const {
  while (hit.first > 0 &&
         (*this)[hit.last].time_ns - (*this)[hit.first - 1].time_ns <= rule.within_ns) {
    --hit.first;
  }
  ValueSet values;
  for (std::size_t i = hit.first; rule.distinct && i <= hit.last; ++i) {
    values.insert((*this)[i].value);
  }
  hit.count = static_cast<std::uint32_t>(rule.distinct ? values.size() : hit.last - hit.first + 1);
}

void SlidingWindow::make_room(const WindowRule& rule) {
  if (!rule.distinct) {
    ++head_;
    compact();
    return;
  }
  // Of the older half, only the last event of each value matters to what comes in order.
  std::unordered_set<std::uint64_t> later;
  std::vector<WindowEvent> kept;
  kept.reserve(size());
  for (std::size_t i = size(); i-- > 0;) {
    const WindowEvent& event = (*this)[i];
    if (later.insert(event.value).second || i >= size() / 2) {
      kept.push_back(event);
    }
  }
  std::reverse(kept.begin(), kept.end());
  if (kept.size() >= rule.most_events) {
    kept.erase(kept.begin());
  }
  restore(std::move(kept));
}

void SlidingWindow::expire(std::int64_t horizon_ns) {
  while (head_ < events_.size() && events_[head_].time_ns < horizon_ns) {
    ++head_;
  }
  compact();
}

void SlidingWindow::compact() {
  if (head_ == events_.size()) {
    events_.clear();
    head_ = 0;
  } else if (head_ > 16 && head_ > events_.size() / 2) {
    events_.erase(events_.begin(), events_.begin() + static_cast<std::ptrdiff_t>(head_));
    head_ = 0;
  }
}

}  // namespace aev::security
