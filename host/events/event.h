#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>
#include <utility>

namespace aev::events {

/// Position of an event in the store's log: 1, 2, 3 … in the order of commits; 0 = not stored yet.
using Seq = std::uint64_t;

/// A name and a value that came beside the payload (`round`, `agent`, `traceparent` …). `value` is
/// JSON text: `"abc"`, `3`, `{"a":1}`.
struct Attribute {
  std::string_view name;
  std::string_view value;
};

/// Everything an event is made of, as views into somebody else's memory.
struct EventFields {
  std::string_view id;
  std::string_view event_type;
  std::string_view debate_id;                          ///< empty: belongs to no debate
  std::string_view source;                             ///< empty: not given
  std::string_view content_type = "application/json";  ///< media type of `data`
  std::string_view data;                               ///< exactly as sent; empty: none
  std::int64_t time_unix_ns = 0;                       ///< when it happened
  std::int64_t received_unix_ns = 0;                   ///< when this host took it in
  std::span<const Attribute> attributes;
};

class EventRef;

/// An immutable fact, in one allocation, shared by reference count. Thread-safe: nothing but the
/// reference count changes after the store has given it its seq and published it.
class Event {
 public:
  /// Copies every field once. Aborts only if memory is exhausted.
  [[nodiscard]] static EventRef create(const EventFields& fields);

  [[nodiscard]] Seq seq() const { return seq_; }

  [[nodiscard]] std::string_view id() const { return fields_.id; }

  [[nodiscard]] std::string_view event_type() const { return fields_.event_type; }

  [[nodiscard]] std::string_view debate_id() const { return fields_.debate_id; }

  [[nodiscard]] std::string_view source() const { return fields_.source; }

  [[nodiscard]] std::string_view content_type() const { return fields_.content_type; }

  [[nodiscard]] std::string_view data() const { return fields_.data; }

  [[nodiscard]] std::int64_t time_unix_ns() const { return fields_.time_unix_ns; }

  [[nodiscard]] std::int64_t received_unix_ns() const { return fields_.received_unix_ns; }

  [[nodiscard]] std::span<const Attribute> attributes() const { return fields_.attributes; }

  /// JSON text of the attribute, or empty when there is none of that name.
  [[nodiscard]] std::string_view attribute(std::string_view name) const;

  /// Bytes this event takes in memory, for budgets.
  [[nodiscard]] std::size_t memory_bytes() const { return allocated_; }

  /// Called by the store alone, before anyone else can see the event.
  void set_seq(Seq seq) { seq_ = seq; }

 private:
  friend class EventRef;
  Event() = default;

  std::atomic<std::uint32_t> references_{1};
  Seq seq_ = 0;
  std::size_t allocated_ = 0;
  EventFields fields_;  // views into the bytes behind this object, in the same allocation
};

/// Owns one reference to an Event. Copying is one relaxed atomic increment.
class EventRef {
 public:
  EventRef() = default;

  EventRef(const EventRef& other) : event_(other.event_) {
    if (event_ != nullptr) {
      event_->references_.fetch_add(1, std::memory_order_relaxed);
    }
  }

  EventRef(EventRef&& other) noexcept : event_(std::exchange(other.event_, nullptr)) {}

  EventRef& operator=(EventRef other) noexcept {
    std::swap(event_, other.event_);
    return *this;
  }

  ~EventRef() { release(); }

  [[nodiscard]] const Event* get() const { return event_; }

  const Event* operator->() const { return event_; }

  const Event& operator*() const { return *event_; }

  explicit operator bool() const { return event_ != nullptr; }

  /// For the store, which numbers an event it alone holds.
  [[nodiscard]] Event& mutable_event() const { return *event_; }

 private:
  friend class Event;

  explicit EventRef(Event* owned) : event_(owned) {}

  void release() noexcept;

  Event* event_ = nullptr;
};

}  // namespace aev::events
