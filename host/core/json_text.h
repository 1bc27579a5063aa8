#pragma once

#include <string>
#include <string_view>

namespace aev {

/// Appends `text` as a JSON string with its quotes (RFC 8259 section 7). Bytes that are not valid
/// UTF-8 become U+FFFD, so the result is always valid JSON.
void append_json_string(std::string& out, std::string_view text);

/// `text` as a JSON string with its quotes.
[[nodiscard]] std::string json_string(std::string_view text);

/// True if `text` is valid UTF-8 (RFC 3629: no surrogates, no overlong forms).
[[nodiscard]] bool is_utf8(std::string_view text);

}  // namespace aev
