#pragma once

#include <string>
#include <string_view>

namespace aev::ingest {

/// Decodes standard base64 (RFC 4648 section 4, padding required) into `out`; false if it is not
/// that.
[[nodiscard]] bool decode_base64(std::string_view text, std::string& out);

}  // namespace aev::ingest
