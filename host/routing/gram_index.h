#pragma once

#include <array>
#include <cstdint>
#include <cstring>
#include <string_view>
#include <vector>

#include "routing/hash.h"
#include "routing/target_table.h"
#include "routing/wildcard.h"

namespace aev::routing {

/// Which of many wildcards may match a text. Each is entered under a few bytes in a row that it
/// spells out, those that the fewest others do. One pass over the text per size of these grams
/// looks at every position, so the time depends on the text and not on the number of wildcards.
/// Immutable once finished.
class GramIndex {
 public:
  /// The wildcard must outlive finish().
  void add(const Wildcard& wildcard, std::uint32_t target) {
    added_.push_back({&wildcard, target});
  }

  void finish();

  [[nodiscard]] bool empty() const { return always_.empty() && !used_; }

  /// May visit a target more than once.
  template <typename Visit>
  void find(std::string_view text, const Visit& visit) const {
    for (const std::uint32_t target : always_) {
      visit(target);
    }
    scan<8, std::uint64_t>(text, sizes_[3], visit);
    scan<4, std::uint32_t>(text, sizes_[2], visit);
    scan<2, std::uint16_t>(text, sizes_[1], visit);
    scan<1, std::uint8_t>(text, sizes_[0], visit);
  }

 private:
  struct Added {
    const Wildcard* wildcard = nullptr;
    std::uint32_t target = 0;
  };

  /// The grams of one size.
  struct Size {
    TargetTable table;
    std::vector<std::uint64_t> filter;  // a bit for each hash; most texts stop here
    std::uint64_t filter_mask = 0;
  };

  template <std::size_t Bytes, typename Word, typename Visit>
  static void scan(std::string_view text, const Size& size, const Visit& visit) {
    if (size.table.empty() || text.size() < Bytes) {
      return;
    }
    for (std::size_t at = 0; at + Bytes <= text.size(); ++at) {
      Word word = 0;
      std::memcpy(&word, text.data() + at, Bytes);
      const std::uint64_t key = mix(Bytes, word);
      const std::uint64_t bit = key & size.filter_mask;
      if ((size.filter[bit / 64] >> (bit % 64) & 1) != 0) {
        size.table.find(key, visit);
      }
    }
  }

  std::vector<Added> added_;
  std::array<Size, 4> sizes_;          // of 1, 2, 4 and 8 bytes
  std::vector<std::uint32_t> always_;  // those that spell nothing out
  bool used_ = false;
};

}  // namespace aev::routing
