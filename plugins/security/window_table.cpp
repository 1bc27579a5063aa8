#include "window_table.h"

namespace aev::security {

WindowTable::Slot& WindowTable::use(std::string_view key) {
  auto found = slots_.find(key);
  if (found == slots_.end()) {
    found = slots_.emplace(std::string(key), Slot{}).first;
    order_.push_front(&found->first);
    found->second.used = order_.begin();
  } else if (found->second.used != order_.begin()) {
    order_.splice(order_.begin(), order_, found->second.used);
  }
  return found->second;
}

WindowTable::Slot* WindowTable::find(std::string_view key) {
  const auto found = slots_.find(key);
  return found == slots_.end() ? nullptr : &found->second;
}

void WindowTable::remove_last() {
  const auto found = slots_.find(*order_.back());
  events_ -= found->second.window.size();
  order_.pop_back();
  slots_.erase(found);
}

void WindowTable::trim(const Slot& keep, std::int64_t horizon_ns, std::int64_t quiet_ns) {
  const auto useless = [&](const Slot& slot) {
    return slot.fired_ns < quiet_ns &&
           (slot.window.empty() || slot.window.newest_ns() < horizon_ns);
  };
  // Two for each that may have come: what is useless never gathers.
  for (int i = 0; i < 2 && !order_.empty(); ++i) {
    const Slot& last = slots_.find(*order_.back())->second;
    if (&last == &keep || !useless(last)) {
      break;
    }
    remove_last();
  }
  while (slots_.size() > most_keys_ || (events_ > most_events_ && slots_.size() > 1)) {
    const Slot& last = slots_.find(*order_.back())->second;
    if (&last == &keep) {
      break;
    }
    evicted_ += useless(last) ? 0 : 1;
    remove_last();
  }
}

}  // namespace aev::security
