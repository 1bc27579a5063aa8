#include "routing/matcher.h"

#include <algorithm>

#include "routing/case_fold.h"

namespace aev::routing {
namespace {

bool equals(const Matcher& matcher, const Leaf& leaf) {
  if (matcher.exact.type != leaf.type) {
    return false;
  }
  switch (leaf.type) {
    case Leaf::Type::kString:
      return matcher.text == leaf.text;
    case Leaf::Type::kNumber:
      return matcher.exact.comparable ? leaf.comparable && matcher.exact.number == leaf.number
                                      : matcher.text == leaf.text;
    default:
      return true;
  }
}

bool numeric(const Matcher& matcher, const Leaf& leaf) {
  if (leaf.type != Leaf::Type::kNumber || !leaf.comparable) {
    return false;
  }
  if (matcher.has_low &&
      (matcher.low_included ? leaf.number < matcher.low : leaf.number <= matcher.low)) {
    return false;
  }
  return !matcher.has_high ||
         (matcher.high_included ? leaf.number <= matcher.high : leaf.number < matcher.high);
}

bool text_matches(const Matcher& matcher, std::string_view text) {
  switch (matcher.kind) {
    case Matcher::Kind::kAddress:
      return matcher.block.contains(text);
    case Matcher::Kind::kPrefix:
      return matcher.ignore_case ? starts_with_folded(text, matcher.text)
                                 : text.starts_with(matcher.text);
    case Matcher::Kind::kSuffix:
      return matcher.ignore_case ? ends_with_folded(text, matcher.text)
                                 : text.ends_with(matcher.text);
    case Matcher::Kind::kEqualsIgnoreCase:
      return equals_folded(text, matcher.text);
    case Matcher::Kind::kWildcard:
      return matcher.wildcard.matches(text);
    default:
      return false;
  }
}

}  // namespace

bool Matcher::matches(const Leaf& leaf) const {
  switch (kind) {
    case Kind::kExact:
      return equals(*this, leaf);
    case Kind::kNumeric:
      return numeric(*this, leaf);
    case Kind::kExists:
      return true;
    case Kind::kAnythingBut:
      return std::none_of(but.begin(), but.end(),
                          [&leaf](const Matcher& each) { return each.matches(leaf); });
    default:
      return leaf.type == Leaf::Type::kString && text_matches(*this, leaf.text);
  }
}

bool same(const Matcher& a, const Matcher& b) {
  return a.kind == b.kind && a.ignore_case == b.ignore_case && a.exact.type == b.exact.type &&
         a.exact.comparable == b.exact.comparable && a.exact.number == b.exact.number &&
         a.text == b.text && a.has_low == b.has_low && a.has_high == b.has_high &&
         a.low_included == b.low_included && a.high_included == b.high_included && a.low == b.low &&
         a.high == b.high && a.block.base() == b.block.base() && a.block.bits() == b.block.bits() &&
         std::equal(a.but.begin(), a.but.end(), b.but.begin(), b.but.end(), same);
}

}  // namespace aev::routing
