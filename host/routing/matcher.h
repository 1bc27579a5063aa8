#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "routing/address_block.h"
#include "routing/leaf.h"
#include "routing/wildcard.h"

namespace aev::routing {

/// One element of a field's list in a pattern. Immutable once compiled.
struct Matcher {
  enum class Kind : std::uint8_t {
    kExact,
    kAddress,
    kPrefix,
    kSuffix,
    kEqualsIgnoreCase,
    kWildcard,
    kNumeric,
    kExists,
    kAnythingBut,
  };

  /// Whether one value of the event matches. Takes time linear in the value and allocates nothing.
  [[nodiscard]] bool matches(const Leaf& leaf) const;

  Kind kind = Kind::kExact;
  bool ignore_case = false;  ///< of kPrefix and kSuffix; then `text` is folded
  Leaf exact;                ///< of kExact; its text is `text`
  std::string text;          ///< of all that compare text, but for wildcards as written
  // kNumeric: between the bounds, each of which may be missing.
  bool has_low = false;
  bool has_high = false;
  bool low_included = false;
  bool high_included = false;
  double low = 0;
  double high = 0;
  Wildcard wildcard;
  AddressBlock block;        ///< of kAddress
  std::vector<Matcher> but;  ///< of kAnythingBut: none of these may match
};

/// Whether both match the same values because they are written the same.
[[nodiscard]] bool same(const Matcher& a, const Matcher& b);

}  // namespace aev::routing
