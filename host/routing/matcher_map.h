#pragma once

#include <cstdint>
#include <unordered_map>

#include "routing/hash.h"
#include "routing/matcher.h"

namespace aev::routing {

/// Of matchers that are same(), equal.
[[nodiscard]] std::uint64_t hash_of(const Matcher& matcher);

/// A matcher that belongs to a path; matchers of different paths are never equal.
struct MatcherKey {
  std::uint32_t path = 0;
  const Matcher* matcher = nullptr;

  bool operator==(const MatcherKey& other) const {
    return path == other.path && (matcher == other.matcher || same(*matcher, *other.matcher));
  }
};

struct MatcherKeyHash {
  std::size_t operator()(const MatcherKey& key) const {
    return mix(key.path, hash_of(*key.matcher));
  }
};

/// The matchers must outlive it.
template <typename T>
using MatcherMap = std::unordered_map<MatcherKey, T, MatcherKeyHash>;

}  // namespace aev::routing
