#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "core/result.h"
#include "events/event.h"

namespace aev::events {

/// Number that the store gave a subscriber's name; stays the same across restarts.
using SubscriberId = std::uint32_t;

/// Who is owed an event: ascending, each once. Immutable and shared: events with the same targets
/// point to the same set.
class TargetSet {
 public:
  /// Sorts and removes repeats.
  [[nodiscard]] static std::shared_ptr<const TargetSet> create(std::vector<SubscriberId> ids);
  /// Reads `encoded()` back; kCorrupt if it is not one.
  [[nodiscard]] static Result<std::shared_ptr<const TargetSet>> decode(std::string_view encoded);

  [[nodiscard]] const std::vector<SubscriberId>& ids() const { return ids_; }

  [[nodiscard]] bool contains(SubscriberId id) const;

  /// Compact form for the store: each id as LEB128, as the difference from the one before it.
  [[nodiscard]] const std::string& encoded() const { return encoded_; }

 private:
  std::vector<SubscriberId> ids_;
  std::string encoded_;
};

using Targets = std::shared_ptr<const TargetSet>;

/// An event and who is owed it. `targets` is never null.
struct RoutedEvent {
  EventRef event;
  Targets targets;
};

}  // namespace aev::events
