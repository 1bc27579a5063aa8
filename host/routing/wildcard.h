#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "core/result.h"

namespace aev::routing {

/// A pattern in which `*` stands for any characters, none included; `\*` and `\\` stand for
/// themselves. Immutable. Matching is linear for practical patterns and never backtracks further
/// than the last `*`.
class Wildcard {
 public:
  /// Refuses `**` and other escapes, as the pattern language does.
  [[nodiscard]] static Result<Wildcard> compile(std::string_view pattern);

  [[nodiscard]] bool matches(std::string_view text) const;

 private:
  std::vector<std::string> pieces_;  // between the stars; n stars make n + 1 pieces
};

}  // namespace aev::routing
