#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "routing/ip_range.h"
#include "routing/wildcard.h"

namespace aev::routing {

/// A JSON value that is neither object nor array, as a view.
struct Leaf {
  enum class Type : std::uint8_t { kNull, kFalse, kTrue, kNumber, kString };

  Type type = Type::kNull;
  std::string_view text;
  /// Holds every 64-bit integer and every double exactly, so that 300 and 3.0e2 are one number.
  long double number = 0;
};

/// One element of a field's list in a pattern. Immutable once compiled.
struct Matcher {
  enum class Kind : std::uint8_t {
    kExact,
    kPrefix,
    kSuffix,
    kEqualsIgnoreCase,
    kWildcard,
    kCidr,
    kNumeric,
    kExists,
    kAbsent,
    kAnythingBut,
  };

  /// Whether one value of the event matches. kAbsent never does: it is about there being none.
  [[nodiscard]] bool matches(const Leaf& leaf) const;

  Kind kind = Kind::kExact;
  Leaf::Type type = Leaf::Type::kString;  ///< of kExact
  bool ignore_case = false;               ///< of kPrefix and kSuffix; then `text` is folded
  std::string text;
  long double number = 0;  ///< of kExact
  // kNumeric: between the bounds, each of which may be missing.
  bool has_low = false;
  bool has_high = false;
  bool low_included = false;
  bool high_included = false;
  long double low = 0;
  long double high = 0;
  Wildcard wildcard;
  IpRange range;
  std::vector<Matcher> but;  ///< of kAnythingBut: none of these may match
};

}  // namespace aev::routing
