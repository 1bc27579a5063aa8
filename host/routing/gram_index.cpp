#include "routing/gram_index.h"

#include <algorithm>
#include <bit>
#include <unordered_map>

namespace aev::routing {
namespace {

constexpr std::array<std::size_t, 4> kBytes{1, 2, 4, 8};

/// Index into kBytes of the largest gram that fits into the longest piece; false if all are empty.
bool largest_size(const Wildcard& wildcard, std::size_t& size) {
  std::size_t longest = 0;
  for (const std::string& piece : wildcard.pieces()) {
    longest = std::max(longest, piece.size());
  }
  for (size = kBytes.size(); size-- > 0;) {
    if (kBytes[size] <= longest) {
      return true;
    }
  }
  return false;
}

std::uint64_t key_at(const std::string& piece, std::size_t at, std::size_t bytes) {
  std::uint64_t word = 0;
  static_assert(std::endian::native == std::endian::little);
  std::memcpy(&word, piece.data() + at, bytes);
  return mix(bytes, word);
}

template <typename Visit>
void each_gram(const Wildcard& wildcard, std::size_t bytes, const Visit& visit) {
  for (const std::string& piece : wildcard.pieces()) {
    for (std::size_t at = 0; at + bytes <= piece.size(); ++at) {
      visit(key_at(piece, at, bytes));
    }
  }
}

}  // namespace

void GramIndex::finish() {
  std::unordered_map<std::uint64_t, std::size_t> count;
  for (const Added& each : added_) {
    std::size_t size = 0;
    if (largest_size(*each.wildcard, size)) {
      each_gram(*each.wildcard, kBytes[size], [&count](std::uint64_t key) { ++count[key]; });
    }
  }
  std::array<std::vector<std::uint64_t>, kBytes.size()> keys;
  for (const Added& each : added_) {
    std::size_t size = 0;
    if (!largest_size(*each.wildcard, size)) {
      always_.push_back(each.target);
      continue;
    }
    std::uint64_t rarest = 0;
    std::size_t fewest = 0;
    each_gram(*each.wildcard, kBytes[size], [&](std::uint64_t key) {
      if (fewest == 0 || count[key] < fewest) {
        rarest = key;
        fewest = count[key];
      }
    });
    sizes_[size].table.add(rarest, each.target);
    keys[size].push_back(rarest);
    used_ = true;
  }
  for (std::size_t size = 0; size < kBytes.size(); ++size) {
    if (keys[size].empty()) {
      continue;
    }
    const std::size_t bits = std::max<std::size_t>(64, std::bit_ceil(keys[size].size() * 16));
    sizes_[size].filter.assign(bits / 64, 0);
    sizes_[size].filter_mask = bits - 1;
    for (const std::uint64_t key : keys[size]) {
      const std::uint64_t bit = key & (bits - 1);
      sizes_[size].filter[bit / 64] |= std::uint64_t{1} << (bit % 64);
    }
  }
  added_ = {};
}

}  // namespace aev::routing
