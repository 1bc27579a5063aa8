#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace aev::kafka {

/// The id of an event that came without one, made of where its message lies, so that a message that
/// is read again is known again. The time tells apart topics that were deleted and made anew. At
/// most 230 bytes.
[[nodiscard]] std::string message_id(std::string_view topic,
                                     std::int32_t partition,
                                     std::int64_t offset,
                                     std::int64_t timestamp_ms);

/// Gives `id` to the event in `json`, one object, if it has no id or null; to each one of an array,
/// or line of `ndjson`, with its number after a colon. Text that is not JSON comes back as it is:
/// whoever takes it says what is wrong.
[[nodiscard]] std::string with_message_id(std::string_view json,
                                          const std::string& id,
                                          bool ndjson);

}  // namespace aev::kafka
