#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "core/result.h"

namespace aev::routing {

/// A pattern in which `*` stands for any characters, none included; `\*` and `\\` stand for
/// themselves. Immutable. Matching takes time linear in the text whatever the pattern: between the
/// first and the last piece, the leftmost place of each leaves the most room for the next, so
/// nothing is ever tried twice.
class Wildcard {
 public:
  /// Refuses `**` and other escapes, as the pattern language does.
  [[nodiscard]] static Result<Wildcard> compile(std::string_view pattern);

  [[nodiscard]] bool matches(std::string_view text) const;

  /// What is between the stars: n stars make n + 1 pieces, some of which may be empty.
  [[nodiscard]] const std::vector<std::string>& pieces() const { return pieces_; }

 private:
  std::vector<std::string> pieces_;
};

}  // namespace aev::routing
