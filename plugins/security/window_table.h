#pragma once

#include <cstddef>
#include <cstdint>
#include <limits>
#include <list>
#include <string>
#include <string_view>
#include <unordered_map>

#include "sliding_window.h"

namespace aev::security {

/// A time before every other.
inline constexpr std::int64_t kNever = std::numeric_limits<std::int64_t>::min() / 2;

/// The windows of one rule by key, the least recently used of which goes when there are too many.
/// Confined to one thread.
class WindowTable {
 public:
  struct Slot {
    SlidingWindow window;
    std::int64_t fired_ns = kNever;  ///< when the key last fired, by the time of its event
    std::list<const std::string*>::iterator used;
  };

  WindowTable(std::size_t most_keys, std::size_t most_events)
      : most_keys_(most_keys), most_events_(most_events) {}

  /// The slot of `key`, made if it is not there, and now the most recently used.
  Slot& use(std::string_view key);

  /// The slot of `key`, or null; its place in the order stays.
  [[nodiscard]] Slot* find(std::string_view key);

  /// Keeps count of the events in windows: call it after each change of a slot's window.
  void resized(std::size_t before, std::size_t after) { events_ += after - before; }

  /// Removes the least recently used slots, but not `keep`, until the bounds hold: first those that
  /// are of no use any more (nothing in them since `horizon_ns`, and fired before `quiet_ns`).
  void trim(const Slot& keep, std::int64_t horizon_ns, std::int64_t quiet_ns);

  [[nodiscard]] std::size_t keys() const { return slots_.size(); }

  [[nodiscard]] std::size_t events() const { return events_; }

  /// Slots that were removed while they still mattered.
  [[nodiscard]] std::uint64_t evicted() const { return evicted_; }

  /// Least recently used first.
  template <typename Visit>
  void each(Visit&& visit) const {
    for (auto it = order_.rbegin(); it != order_.rend(); ++it) {
      visit(**it, slots_.find(**it)->second);
    }
  }

 private:
  struct Hash {
    using is_transparent = void;

    std::size_t operator()(std::string_view text) const noexcept {
      return std::hash<std::string_view>()(text);
    }
  };

  void remove_last();

  std::size_t most_keys_;
  std::size_t most_events_;
  std::unordered_map<std::string, Slot, Hash, std::equal_to<>> slots_;
  std::list<const std::string*> order_;  // the most recently used first; names are keys of slots_
  std::size_t events_ = 0;
  std::uint64_t evicted_ = 0;
};

}  // namespace aev::security
