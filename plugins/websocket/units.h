#pragma once

#include <chrono>
#include <cstddef>
#include <optional>
#include <string_view>

namespace aev::websocket {

/// `500ms`, `10s`, `5m`, `1h`; more than nothing and at most a day. Nothing if it is none.
[[nodiscard]] std::optional<std::chrono::milliseconds> parse_duration(std::string_view text);

/// `512B`, `64KiB`, `4MiB`, at most 1 GiB. Nothing if it is none.
[[nodiscard]] std::optional<std::size_t> parse_size(std::string_view text);

}  // namespace aev::websocket
