#pragma once

#include <cstdint>
#include <cstring>
#include <string_view>

namespace aev::routing {

/// Spreads the bits of both over the result.
[[nodiscard]] inline std::uint64_t mix(std::uint64_t a, std::uint64_t b) {
  std::uint64_t value = (a ^ 0x9E3779B97F4A7C15u) * 0xBF58476D1CE4E5B9u;
  value = (value ^ (value >> 29) ^ b) * 0x94D049BB133111EBu;
  return value ^ (value >> 32);
}

/// Not for adversaries: whoever uses it checks what it finds, so that a collision costs time only.
[[nodiscard]] inline std::uint64_t hash_text(std::string_view text) {
  std::uint64_t hash = text.size();
  while (text.size() >= 8) {
    std::uint64_t word = 0;
    std::memcpy(&word, text.data(), 8);
    hash = mix(hash, word);
    text.remove_prefix(8);
  }
  std::uint64_t rest = 0;
  if (!text.empty()) {
    std::memcpy(&rest, text.data(), text.size());
  }
  return mix(hash, rest);
}

}  // namespace aev::routing
