#pragma once

#include <string_view>
#include <utility>
#include <vector>

#include "ingest/event_draft.h"

namespace aev::ingest {

/// Decodes a CloudEvents 1.0 object (structured mode): type is the event type, the extension
/// `debateid` (or else subject) the debate, time the timestamp, datacontenttype the content type;
/// id and source are as they are, and everything else becomes an attribute. `draft` must be clear.
/// The result is not yet checked by check_draft().
[[nodiscard]] Verdict decode_cloud_event(const std::vector<JsonMember>& members, EventDraft& draft);

/// The same from HTTP headers (binary mode). `headers` are those whose names begin with `ce-`, with
/// that prefix taken off; `body` are the data and outlives the draft.
[[nodiscard]] Verdict decode_binary_cloud_event(
    const std::vector<std::pair<std::string_view, std::string_view>>& headers,
    std::string_view content_type,
    std::string_view body,
    EventDraft& draft);

/// Undoes the encoding of a header value: double quotes, then exactly one round of
/// percent-decoding. False if the result is not UTF-8.
[[nodiscard]] bool decode_header_value(std::string_view value, std::string& out);

}  // namespace aev::ingest
