#pragma once

#include <vector>

#include "ingest/event_draft.h"

namespace aev::ingest {

/// True for an event as Aragora's bus serialises it: event_type, debate_id, timestamp as text and
/// the payload's members beside them, but neither data nor what only our own form has (id, source).
[[nodiscard]] bool is_bus_event(const std::vector<JsonMember>& members);

/// Gathers the flattened payload of a bus event into `draft.data` (each value as sent, and
/// debate_id with them, as Aragora's own bridge does) and leaves the tracing members as attributes.
void decode_bus_payload(const std::vector<JsonMember>& members, EventDraft& draft);

}  // namespace aev::ingest
