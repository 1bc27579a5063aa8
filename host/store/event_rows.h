#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <unordered_map>

#include "events/event.h"
#include "events/targets.h"
#include "store/sqlite.h"

namespace aev::store {

/// The columns that read_event_row() expects, in its order.
inline constexpr std::string_view kEventColumns =
    "seq, id, event_type, debate_id, received_ns, time_ns, source, content_type, targets, "
    "attributes, data";

/// Writes events into their table. Confined to the writer's thread.
class EventWriter {
 public:
  [[nodiscard]] static Result<EventWriter> create(Connection& connection);

  /// Inserts under the seq that the event has been given.
  [[nodiscard]] Result<void> insert(const events::RoutedEvent& routed);

 private:
  explicit EventWriter(Statement insert) : insert_(std::move(insert)) {}

  Statement insert_;
  std::string attributes_;  // reused
};

/// Reads events back and shares equal target sets. Confined to one thread at a time.
class EventReader {
 public:
  /// The event of the row that `row` stands on (kEventColumns). kCorrupt if it cannot be one.
  [[nodiscard]] Result<events::RoutedEvent> read(const Statement& row);
  /// The target set with this encoding.
  [[nodiscard]] Result<events::Targets> targets(std::string_view encoded);

 private:
  std::unordered_map<std::string, events::Targets> shared_;
};

}  // namespace aev::store
