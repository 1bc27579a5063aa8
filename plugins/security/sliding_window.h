#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

namespace aev::security {

/// An event in a window.
struct WindowEvent {
  std::int64_t time_ns = 0;
  std::uint64_t entry = 0;  ///< its entry in the audit trail
  std::uint64_t value = 0;  ///< hash of the field that a rule counts the values of; 0: none

  friend bool operator==(const WindowEvent&, const WindowEvent&) = default;
};

/// What a threshold asks of a window.
struct WindowRule {
  std::uint32_t count = 1;
  std::int64_t within_ns = 0;
  bool distinct = false;
  std::size_t most_events = 256;  ///< that are kept; at least `count`
};

/// Events [first, last] of a window, enough to reach the threshold.
struct WindowHit {
  bool reached = false;
  std::size_t first = 0;
  std::size_t last = 0;
  std::uint32_t count = 0;  ///< of events, or of different values
};

/// The events of one key, ordered by their own time whatever the order they came in. Exact as long
/// as it holds all events of the horizon; when there are more than most_events the oldest go first,
/// of a distinct rule those first whose value came again later. That changes nothing for events
/// that come in order. Confined to one thread.
class SlidingWindow {
 public:
  /// Adds an event and says whether some span of within_ns that contains it reaches the count.
  WindowHit add(const WindowRule& rule, const WindowEvent& event);

  /// Extends what add() found to all of the span that ends at hit.last, and counts it.
  void widen(const WindowRule& rule, WindowHit& hit) const;

  /// Forgets what happened before `horizon_ns`.
  void expire(std::int64_t horizon_ns);

  [[nodiscard]] std::size_t size() const { return events_.size() - head_; }

  [[nodiscard]] const WindowEvent& operator[](std::size_t index) const {
    return events_[head_ + index];
  }

  /// The time of its newest event; only if it has any.
  [[nodiscard]] std::int64_t newest_ns() const { return events_.back().time_ns; }

  [[nodiscard]] bool empty() const { return size() == 0; }

  /// As it was saved: events in the order of operator[].
  void restore(std::vector<WindowEvent> events) {
    events_ = std::move(events);
    head_ = 0;
  }

 private:
  [[nodiscard]] WindowHit count_events(const WindowRule& rule, std::size_t at) const;
  [[nodiscard]] WindowHit count_values(const WindowRule& rule, std::size_t at) const;
  [[nodiscard]] WindowHit values_before(const WindowRule& rule, std::size_t last) const;
  void make_room(const WindowRule& rule);
  /// Gives the memory before head_ back once it is worth it.
  void compact();

  std::vector<WindowEvent> events_;
  std::size_t head_ = 0;  // those before it are gone
};

}  // namespace aev::security
