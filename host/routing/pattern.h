#pragma once

#include <string>
#include <vector>

#include "routing/matcher.h"

namespace aev::routing {

struct PatternField;

/// A compiled event pattern, or a part of one: every field must match, and of each $or one branch.
/// Immutable once compiled.
struct Pattern {
  std::vector<PatternField> fields;
  std::vector<std::vector<Pattern>> any_of;
};

/// `name: [matchers]` or `name: {nested}`.
struct PatternField {
  std::string name;
  std::vector<Matcher> matchers;  ///< any of these
  std::vector<Pattern> nested;    ///< one, if `matchers` is empty
};

}  // namespace aev::routing
