#pragma once

#include <memory>
#include <string>
#include <vector>

#include "routing/matcher.h"

namespace aev::routing {

/// The names that lead to a field, joined by dots, as `data.vote.choice`. A dot inside a name is
/// not told apart from one between two names.
using FieldPath = std::string;

/// What a pattern asks of one field.
struct Condition {
  FieldPath path;
  bool absent = false;  ///< there must be no value; otherwise one must match one of `any`
  std::shared_ptr<const std::vector<Matcher>> any;  ///< shared by the conjunctions of a pattern
};

/// All of these must hold. Each path occurs once; ascending by path.
using Conjunction = std::vector<Condition>;

/// A compiled event pattern: one of the conjunctions must hold. `$or` is multiplied out.
using Pattern = std::vector<Conjunction>;

/// Beyond these a pattern is refused.
inline constexpr std::size_t kMaxConjunctions = 1000;
inline constexpr std::size_t kMaxConditions = 64;

}  // namespace aev::routing
