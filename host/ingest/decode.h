#pragma once

#include <cstdint>
#include <string_view>

#include "core/result.h"
#include "events/event.h"

namespace aev::ingest {

/// Makes an event of one JSON object in native, Aragora stream or Aragora bus form, as the HTTP API
/// would; id and time are made when absent. kInvalid with what was expected and the pointer to it.
/// For tools; the hot path uses EventDecoder. Thread-safe.
[[nodiscard]] Result<events::EventRef> decode_event(std::string_view json,
                                                    std::int64_t now_unix_ns);

}  // namespace aev::ingest
