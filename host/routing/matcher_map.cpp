#include "routing/matcher_map.h"

#include <bit>

namespace aev::routing {

std::uint64_t hash_of(const Matcher& matcher) {
  std::uint64_t hash = mix(static_cast<std::uint64_t>(matcher.kind), hash_text(matcher.text));
  hash = mix(hash, static_cast<std::uint64_t>(matcher.exact.type));
  hash = mix(hash, std::bit_cast<std::uint64_t>(matcher.exact.number));
  hash = mix(hash, std::bit_cast<std::uint64_t>(matcher.low));
  hash = mix(hash, std::bit_cast<std::uint64_t>(matcher.high));
  for (const std::uint8_t byte : matcher.block.base().bytes) {
    hash = mix(hash, byte);
  }
  for (const Matcher& each : matcher.but) {
    hash = mix(hash, hash_of(each));
  }
  return hash;
}

}  // namespace aev::routing
