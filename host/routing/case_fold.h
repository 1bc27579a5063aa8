#pragma once

#include <string>
#include <string_view>

namespace aev::routing {

/// `text` with every character in lower case by Unicode's simple mapping; what is not UTF-8 stays.
[[nodiscard]] std::string fold_case(std::string_view text);

}  // namespace aev::routing
