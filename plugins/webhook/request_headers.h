#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "options.h"
#include "request_body.h"

struct curl_slist;

namespace aev::webhook {

/// The headers of one attempt as libcurl's list, which the caller frees: content type, signatures
/// over `body` at `timestamp` (Unix seconds), Aragora's and CloudEvents' own, trace context, and
/// the configured ones. Null if memory is exhausted.
[[nodiscard]] curl_slist* make_headers(const Options& options,
                                       const RequestEvents& events,
                                       std::string_view body,
                                       std::string_view delivery_id,
                                       std::int64_t timestamp);

/// CloudEvents' encoding of header values: everything but printable ASCII without space, `"` and
/// `%` is percent-encoded.
[[nodiscard]] std::string encode_header_value(std::string_view text);

}  // namespace aev::webhook
