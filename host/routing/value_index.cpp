#include "routing/value_index.h"

#include <algorithm>
#include <bit>
#include <limits>

#include "routing/exclusion_index.h"

namespace aev::routing {
namespace {

constexpr double kInfinity = std::numeric_limits<double>::infinity();

template <typename T>
void insert_sorted(std::vector<T>& list, T value) {
  const auto at = std::lower_bound(list.begin(), list.end(), value);
  if (at == list.end() || *at != value) {
    list.insert(at, value);
  }
}

}  // namespace

ValueIndex::ValueIndex() = default;
ValueIndex::~ValueIndex() = default;
ValueIndex::ValueIndex(ValueIndex&&) noexcept = default;
ValueIndex& ValueIndex::operator=(ValueIndex&&) noexcept = default;

void ValueIndex::Affixes::note(std::size_t length) {
  insert_sorted(lengths, static_cast<std::uint32_t>(length));
}

std::uint64_t ValueIndex::number_key(const Leaf& leaf) {
  return leaf.comparable ? mix(kNumber, std::bit_cast<std::uint64_t>(leaf.number))
                         : mix(kSpelling, hash_text(leaf.text));
}

std::uint64_t ValueIndex::address_key(const Address& address, int bits) {
  const std::string_view bytes(reinterpret_cast<const char*>(address.bytes.data()),
                               address.bytes.size());
  return mix(mix(kAddress, static_cast<std::uint64_t>(bits) * 2 + (address.v6 ? 1 : 0)),
             hash_text(bytes));
}

void ValueIndex::add_affix(const Matcher& matcher, std::uint32_t target) {
  const bool prefix = matcher.kind == Matcher::Kind::kPrefix;
  std::uint64_t hash = 0;
  for (std::size_t i = 0; i < matcher.text.size(); ++i) {
    hash = roll(hash, matcher.text[prefix ? i : matcher.text.size() - 1 - i]);
  }
  if (matcher.ignore_case) {
    longest_folded_ = std::max({longest_folded_, matcher.text.size(), std::size_t{1}});
    (prefix ? folded_prefixes_ : folded_suffixes_).note(matcher.text.size());
    table_.add(mix(prefix ? kFoldedPrefix : kFoldedSuffix, hash), target);
  } else {
    (prefix ? prefixes_ : suffixes_).note(matcher.text.size());
    table_.add(mix(prefix ? kPrefix : kSuffix, hash), target);
  }
}

void ValueIndex::add(const Matcher& matcher, std::uint32_t target) {
  switch (matcher.kind) {
    case Matcher::Kind::kExact: {
      has_exact_ = true;
      Leaf leaf = matcher.exact;
      leaf.text = matcher.text;
      if (leaf.type == Leaf::Type::kString) {
        longest_exact_ = std::max(longest_exact_, matcher.text.size());
        table_.add(mix(kText, hash_text(matcher.text)), target);
      } else if (leaf.type == Leaf::Type::kNumber) {
        table_.add(number_key(leaf), target);
      } else {
        table_.add(mix(kWord, static_cast<std::uint64_t>(leaf.type)), target);
      }
      break;
    }
    case Matcher::Kind::kAddress:
      insert_sorted(matcher.block.base().v6 ? v6_bits_ : v4_bits_,
                    static_cast<std::uint8_t>(matcher.block.bits()));
      table_.add(address_key(matcher.block.base(), matcher.block.bits()), target);
      break;
    case Matcher::Kind::kPrefix:
    case Matcher::Kind::kSuffix:
      add_affix(matcher, target);
      break;
    case Matcher::Kind::kEqualsIgnoreCase:
      longest_folded_ = std::max({longest_folded_, matcher.text.size(), std::size_t{1}});
      table_.add(mix(kFolded, hash_text(matcher.text)), target);
      break;
    case Matcher::Kind::kWildcard:
      wildcards_.add(matcher.wildcard, target);
      break;
    case Matcher::Kind::kNumeric:
      intervals_.add(matcher.has_low ? matcher.low : -kInfinity,
                     matcher.has_high ? matcher.high : kInfinity, target);
      break;
    case Matcher::Kind::kExists:
      any_.push_back(target);
      break;
    case Matcher::Kind::kAnythingBut:
      if (!exclusions_) {
        exclusions_ = std::make_unique<ExclusionIndex>();
      }
      exclusions_->add(matcher, target);
      break;
  }
}

void ValueIndex::finish() {
  intervals_.finish();
  wildcards_.finish();
  if (exclusions_) {
    exclusions_->finish();
  }
}

void ValueIndex::find_not_excluded(const Leaf& leaf, std::vector<std::uint32_t>& found) const {
  exclusions_->find(leaf, found);
}

}  // namespace aev::routing
