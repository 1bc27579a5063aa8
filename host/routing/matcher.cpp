#include "routing/matcher.h"

#include <algorithm>

#include "routing/case_fold.h"

namespace aev::routing {
namespace {

bool exact(const Matcher& matcher, const Leaf& leaf) {
  if (matcher.type != leaf.type) {
    return false;
  }
  switch (leaf.type) {
    case Leaf::Type::kString:
      return matcher.text == leaf.text;
    case Leaf::Type::kNumber:
      return matcher.number == leaf.number;
    default:
      return true;
  }
}

bool numeric(const Matcher& matcher, const Leaf& leaf) {
  if (leaf.type != Leaf::Type::kNumber) {
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
    case Matcher::Kind::kPrefix:
      return matcher.ignore_case ? std::string_view(fold_case(text)).starts_with(matcher.text)
                                 : text.starts_with(matcher.text);
    case Matcher::Kind::kSuffix:
      return matcher.ignore_case ? std::string_view(fold_case(text)).ends_with(matcher.text)
                                 : text.ends_with(matcher.text);
    case Matcher::Kind::kEqualsIgnoreCase:
      return fold_case(text) == matcher.text;
    case Matcher::Kind::kWildcard:
      return matcher.wildcard.matches(text);
    case Matcher::Kind::kCidr:
      return matcher.range.contains(text);
    default:
      return false;
  }
}

}  // namespace

bool Matcher::matches(const Leaf& leaf) const {
  switch (kind) {
    case Kind::kExact:
      return exact(*this, leaf);
    case Kind::kNumeric:
      return numeric(*this, leaf);
    case Kind::kExists:
      return true;
    case Kind::kAbsent:
      return false;
    case Kind::kAnythingBut:
      return std::none_of(but.begin(), but.end(),
                          [&leaf](const Matcher& each) { return each.matches(leaf); });
    default:
      return leaf.type == Leaf::Type::kString && text_matches(*this, leaf.text);
  }
}

}  // namespace aev::routing
