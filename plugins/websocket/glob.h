#pragma once

#include <string_view>

namespace aev::websocket {

/// True if `text` fits `pattern`, in which `*` stands for any run of characters, even none.
[[nodiscard]] bool glob_matches(std::string_view pattern, std::string_view text) noexcept;

}  // namespace aev::websocket
