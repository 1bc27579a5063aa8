#pragma once

#include <cstddef>
#include <optional>
#include <string_view>

namespace aev::test {

/// What the pattern language says, written down as plainly as possible: every combination of values
/// is tried. `pattern` must be one that the router takes; it and `event` are JSON objects. For
/// numbers that doubles hold exactly enough to compare them.
[[nodiscard]] bool slow_match(std::string_view pattern, std::string_view event);

/// The same, but nullopt after so many combinations.
[[nodiscard]] std::optional<bool> slow_match_within(std::string_view pattern,
                                                    std::string_view event,
                                                    std::size_t combinations);

}  // namespace aev::test
