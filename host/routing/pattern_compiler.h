#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "routing/pattern.h"
#include "routing/router.h"

namespace aev::routing {

/// Compiles the pattern of `route`, or adds everything that is wrong with it to `errors`. Never
/// throws.
[[nodiscard]] std::optional<Pattern> compile_pattern(const std::string& route,
                                                     std::string_view match_json,
                                                     std::vector<PatternError>& errors);

}  // namespace aev::routing
