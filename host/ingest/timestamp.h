#pragma once

#include <cstdint>
#include <string_view>

namespace aev::ingest {

/// Parses a JSON number as Unix seconds, to the nanosecond (a double would lose those); false if it
/// lies outside what 64-bit nanoseconds hold, as milliseconds do.
[[nodiscard]] bool parse_unix_seconds(std::string_view number, std::int64_t& unix_ns);

}  // namespace aev::ingest
