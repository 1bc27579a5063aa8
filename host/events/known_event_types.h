#pragma once

#include <span>
#include <string_view>

namespace aev::events {

/// An event type that Aragora sends today, and the group that it belongs to.
struct KnownEventType {
  std::string_view name;
  std::string_view group;
};

/// All of them, by name: the 277 types of Aragora's stream, and those of its notifications,
/// deliberations (`deliberation.…`) and security findings, and three that security rules are made
/// for (`auth_failure`, `suspicious_activity`, `rate_limit_exceeded`). For suggestions and listings
/// only: an event of any other type is as good.
[[nodiscard]] std::span<const KnownEventType> known_event_types();

/// Null if the type is none of them.
[[nodiscard]] const KnownEventType* find_known_event_type(std::string_view name);

}  // namespace aev::events
