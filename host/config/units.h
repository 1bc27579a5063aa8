#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "core/clock.h"
#include "core/result.h"

namespace aev::config {

/// `500ms`, `5s`, `1.5h`, `7d`, or several in a row (`1h30m`). A bare 0 needs no unit. The error
/// says what is wrong without repeating `text`.
[[nodiscard]] Result<Duration> parse_duration(std::string_view text);

/// `512B`, `64KiB`, `1.5GiB`, `20GB`. A bare 0 needs no unit.
[[nodiscard]] Result<std::uint64_t> parse_size(std::string_view text);

/// `100/s`, `30/m`, `2.5/h`, as events per second.
[[nodiscard]] Result<double> parse_rate(std::string_view text);

/// Decimal digits only.
[[nodiscard]] Result<std::uint64_t> parse_count(std::string_view text);

/// A finite decimal number.
[[nodiscard]] Result<double> parse_real(std::string_view text);

/// The shortest form that parse_duration() reads back: `5s`, `90m`, `1500ms`.
[[nodiscard]] std::string format_duration(Duration duration);

/// The shortest form that parse_size() reads back: `20GiB`.
[[nodiscard]] std::string format_size(std::uint64_t bytes);

/// Without trailing zeros: `0.2`, `100`.
[[nodiscard]] std::string format_real(double value);

}  // namespace aev::config
