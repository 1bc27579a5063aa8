#pragma once

#include <string>
#include <string_view>

#include "events/event.h"

namespace aev::events {

/// Appends the event's canonical JSON, the form that routes match, the API shows and the webhook
/// sends:
/// `{"id":…,"event_type":…,"debate_id":…,"source":…,"timestamp":…,"data":…,…attributes}`. Empty
/// debate_id and source are left out. Data that is JSON by its media type is put in byte for byte;
/// other data that is UTF-8 becomes a JSON string `data`, anything else `data_base64`; both then
/// carry `content_type` as well. Must stay what sdk/include/aev/detail/canonical_json.hpp writes (a
/// test compares the two).
void append_canonical_json(std::string& out, const Event& event);

/// True for `application/json`, `text/json` and `…+json`, with or without parameters.
[[nodiscard]] bool is_json_media_type(std::string_view content_type);

}  // namespace aev::events
