#pragma once

#include <string_view>

#include "routing/event_view.h"
#include "routing/pattern.h"

namespace aev::routing {

/// Whether the event matches. Allocates nothing but what folding case and `timestamp` need.
[[nodiscard]] bool matches(const Pattern& pattern, EventView& event);

/// Whether a JSON document that is an event's canonical form matches.
[[nodiscard]] bool matches(const Pattern& pattern, simdjson::dom::element canonical);

}  // namespace aev::routing
