#pragma once

#include <string>
#include <string_view>

namespace aev::routing {

/// `text` with every character in lower case by Unicode's simple mapping; what is not UTF-8 stays.
[[nodiscard]] std::string fold_case(std::string_view text);

/// A folded text is at least a fourth as long as what it was made of.
inline constexpr std::size_t kMaxFoldGrowth = 4;

/// Whether folding `text` gives `folded`, or something that begins or ends with it. None of them
/// looks at more of `text` than that takes, and none allocates.
[[nodiscard]] bool equals_folded(std::string_view text, std::string_view folded);
[[nodiscard]] bool starts_with_folded(std::string_view text, std::string_view folded);
[[nodiscard]] bool ends_with_folded(std::string_view text, std::string_view folded);

}  // namespace aev::routing
