#pragma once

#include <string_view>
#include <vector>

#include "events/event_schemas.h"

namespace aev::events {

/// The schemas by event type; `with_known`: also the known event types that have none, which then
/// are a name and a group. A `group` that is not empty leaves out all others.
[[nodiscard]] std::vector<EventSchema> list_schemas(const EventSchemas& schemas,
                                                    bool with_known,
                                                    std::string_view group);

}  // namespace aev::events
