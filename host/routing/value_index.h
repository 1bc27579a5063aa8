#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "routing/case_fold.h"
#include "routing/gram_index.h"
#include "routing/hash.h"
#include "routing/interval_index.h"
#include "routing/matcher.h"
#include "routing/target_table.h"

namespace aev::routing {

class ExclusionIndex;

/// Which of many matchers may match a value. The time depends on the value and on what is found,
/// not on the number of matchers: they are kept by what they look for, each kind in its own way. It
/// may name a matcher that does not match, and one twice, but never misses one. Immutable once
/// finished.
class ValueIndex {
 public:
  ValueIndex();
  ~ValueIndex();
  ValueIndex(ValueIndex&&) noexcept;
  ValueIndex& operator=(ValueIndex&&) noexcept;

  /// The matcher must outlive the index. No two may be the same().
  void add(const Matcher& matcher, std::uint32_t target);
  void finish();

  /// Calls `visit` with the targets.
  template <typename Visit>
  void find(const Leaf& leaf, const Visit& visit) const {
    for (const std::uint32_t target : any_) {
      visit(target);
    }
    if (leaf.type == Leaf::Type::kString) {
      find_text(leaf.text, visit);
    } else if (leaf.type == Leaf::Type::kNumber) {
      if (has_exact_) {
        table_.find(number_key(leaf), visit);
      }
      if (leaf.comparable) {
        intervals_.find(leaf.number, visit);
      }
    } else if (has_exact_) {
      table_.find(mix(kWord, static_cast<std::uint64_t>(leaf.type)), visit);
    }
    if (exclusions_) {
      std::vector<std::uint32_t> found;
      find_not_excluded(leaf, found);
      for (const std::uint32_t target : found) {
        visit(target);
      }
    }
  }

 private:
  /// What a key of the table is about.
  enum KeyKind : std::uint64_t {
    kText,
    kNumber,
    kSpelling,
    kWord,
    kFolded,
    kPrefix,
    kSuffix,
    kFoldedPrefix,
    kFoldedSuffix,
    kAddress,
  };

  /// Prefixes or suffixes: the lengths that occur, ascending. Their hashes are in the table.
  struct Affixes {
    std::vector<std::uint32_t> lengths;

    void note(std::size_t length);
  };

  static std::uint64_t number_key(const Leaf& leaf);
  static std::uint64_t address_key(const Address& address, int bits);
  void add_affix(const Matcher& matcher, std::uint32_t target);
  void find_not_excluded(const Leaf& leaf, std::vector<std::uint32_t>& found) const;

  static std::uint64_t roll(std::uint64_t hash, char byte) {
    return (hash + static_cast<unsigned char>(byte) + 1) * 0x9E3779B97F4A7C15u;
  }

  template <typename Visit>
  void find_prefixes(const Affixes& affixes,
                     KeyKind kind,
                     std::string_view text,
                     const Visit& visit) const {
    std::uint64_t hash = 0;
    std::size_t at = 0;
    for (const std::uint32_t length : affixes.lengths) {
      if (length > text.size()) {
        return;
      }
      for (; at < length; ++at) {
        hash = roll(hash, text[at]);
      }
      table_.find(mix(kind, hash), visit);
    }
  }

  template <typename Visit>
  void find_suffixes(const Affixes& affixes,
                     KeyKind kind,
                     std::string_view text,
                     const Visit& visit) const {
    std::uint64_t hash = 0;
    std::size_t at = 0;
    for (const std::uint32_t length : affixes.lengths) {
      if (length > text.size()) {
        return;
      }
      for (; at < length; ++at) {
        hash = roll(hash, text[text.size() - 1 - at]);
      }
      table_.find(mix(kind, hash), visit);
    }
  }

  template <typename Visit>
  void find_text(std::string_view text, const Visit& visit) const {
    if (has_exact_ && text.size() <= longest_exact_) {
      table_.find(mix(kText, hash_text(text)), visit);
    }
    find_prefixes(prefixes_, kPrefix, text, visit);
    find_suffixes(suffixes_, kSuffix, text, visit);
    if (longest_folded_ > 0) {
      find_folded(text, visit);
    }
    if (!v4_bits_.empty() || !v6_bits_.empty()) {
      if (const std::optional<Address> address = parse_address(text)) {
        for (const std::uint8_t bits : address->v6 ? v6_bits_ : v4_bits_) {
          table_.find(address_key(address->masked(bits), bits), visit);
        }
      }
    }
    if (!wildcards_.empty()) {
      wildcards_.find(text, visit);
    }
  }

  /// No more of a long text is folded than the longest folded matcher can take.
  template <typename Visit>
  void find_folded(std::string_view text, const Visit& visit) const {
    const std::size_t most = (longest_folded_ + 1) * kMaxFoldGrowth;
    if (text.size() <= most) {
      const std::string folded = fold_case(text);
      table_.find(mix(kFolded, hash_text(folded)), visit);
      find_prefixes(folded_prefixes_, kFoldedPrefix, folded, visit);
      find_suffixes(folded_suffixes_, kFoldedSuffix, folded, visit);
      return;
    }
    if (!folded_prefixes_.lengths.empty()) {
      find_prefixes(folded_prefixes_, kFoldedPrefix, fold_case(text.substr(0, most)), visit);
    }
    if (!folded_suffixes_.lengths.empty()) {
      // A character may be cut in two, but before anything that a suffix reaches.
      find_suffixes(folded_suffixes_, kFoldedSuffix, fold_case(text.substr(text.size() - most)),
                    visit);
    }
  }

  TargetTable table_;
  bool has_exact_ = false;
  std::size_t longest_exact_ = 0;
  std::size_t longest_folded_ = 0;
  Affixes prefixes_;
  Affixes suffixes_;
  Affixes folded_prefixes_;
  Affixes folded_suffixes_;
  std::vector<std::uint8_t> v4_bits_;
  std::vector<std::uint8_t> v6_bits_;
  IntervalIndex intervals_;
  GramIndex wildcards_;
  std::vector<std::uint32_t> any_;  // what every value matches
  std::unique_ptr<ExclusionIndex> exclusions_;
};

}  // namespace aev::routing
