#include "ingest/base64.h"

#include <array>
#include <cstdint>

namespace aev::ingest {
namespace {

constexpr std::array<std::int8_t, 256> decode_table() {
  std::array<std::int8_t, 256> table{};
  table.fill(-1);
  constexpr std::string_view kAlphabet =
      "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  for (std::size_t i = 0; i < kAlphabet.size(); ++i) {
    table[static_cast<unsigned char>(kAlphabet[i])] = static_cast<std::int8_t>(i);
  }
  return table;
}

constexpr std::array<std::int8_t, 256> kDecode = decode_table();

}  // namespace

bool decode_base64(std::string_view text, std::string& out) {
  out.clear();
  if (text.size() % 4 != 0) {
    return false;
  }
  const std::size_t padding = text.ends_with("==") ? 2 : text.ends_with("=") ? 1 : 0;
  text.remove_suffix(padding);
  out.reserve(text.size() / 4 * 3 + 2);
  std::uint32_t window = 0;
  int bits = 0;
  for (const char each : text) {
    const int value = kDecode[static_cast<unsigned char>(each)];
    if (value < 0) {
      return false;
    }
    window = (window << 6) | static_cast<std::uint32_t>(value);
    bits += 6;
    if (bits >= 8) {
      bits -= 8;
      out += static_cast<char>((window >> bits) & 0xFF);
    }
  }
  // Bits that stand for nothing must be zero, or two texts would mean the same bytes.
  return (window & ((1u << bits) - 1)) == 0;
}

}  // namespace aev::ingest
