#include "routing/address_block.h"

#include <algorithm>
#include <arpa/inet.h>
#include <charconv>
#include <netinet/in.h>
#include <sys/socket.h>

namespace aev::routing {
namespace {

constexpr std::size_t kMaxV4 = 15;
constexpr std::size_t kMaxV6 = 39;

std::optional<Address> parse_v4(std::string_view text) {
  Address out;
  const char* at = text.data();
  const char* const end = at + text.size();
  for (std::size_t part = 0; part < 4; ++part) {
    if (part > 0 && (at == end || *at++ != '.')) {
      return std::nullopt;
    }
    if (at == end || *at < '0' || *at > '9') {
      return std::nullopt;
    }
    unsigned value = 0;
    const auto parsed = std::from_chars(at, end, value);
    if (parsed.ec != std::errc() || value > 255) {
      return std::nullopt;
    }
    out.bytes[part] = static_cast<std::uint8_t>(value);
    at = parsed.ptr;
  }
  return at == end ? std::optional<Address>(out) : std::nullopt;
}

std::optional<Address> parse_v6(std::string_view text) {
  std::array<char, kMaxV6 + 1> zero_ended{};
  std::copy(text.begin(), text.end(), zero_ended.begin());
  Address out;
  if (text.find('.') != std::string_view::npos || text.find('\0') != std::string_view::npos ||
      ::inet_pton(AF_INET6, zero_ended.data(), out.bytes.data()) != 1) {
    return std::nullopt;
  }
  constexpr std::array<std::uint8_t, 12> kMapped{0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xFF, 0xFF};
  if (std::equal(kMapped.begin(), kMapped.end(), out.bytes.begin())) {
    Address v4;
    std::copy(out.bytes.begin() + kMapped.size(), out.bytes.end(), v4.bytes.begin());
    return v4;
  }
  out.v6 = true;
  return out;
}

}  // namespace

Address Address::masked(int bits) const {
  Address out = *this;
  for (std::size_t i = 0; i < out.bytes.size(); ++i) {
    const int left = bits - static_cast<int>(i) * 8;
    if (left < 8) {
      out.bytes[i] = static_cast<std::uint8_t>(left <= 0 ? 0 : out.bytes[i] & 0xFF << (8 - left));
    }
  }
  return out;
}

std::optional<Address> parse_address(std::string_view text) {
  if (text.size() < 2 || text.size() > kMaxV6) {
    return std::nullopt;
  }
  if (text.find(':') != std::string_view::npos) {
    return parse_v6(text);
  }
  return text.size() <= kMaxV4 ? parse_v4(text) : std::nullopt;
}

Result<AddressBlock> AddressBlock::parse(std::string_view text) {
  const Error wrong{
      ErrorCode::kInvalid, "must be a block of addresses such as 10.0.0.0/8 or 2001:db8::/32", {}};
  const std::size_t slash = text.find('/');
  if (slash == std::string_view::npos) {
    return wrong;
  }
  const std::optional<Address> address = parse_address(text.substr(0, slash));
  const std::string_view bits = text.substr(slash + 1);
  AddressBlock out;
  const auto parsed = std::from_chars(bits.data(), bits.data() + bits.size(), out.bits_);
  if (!address || bits.empty() || parsed.ec != std::errc() ||
      parsed.ptr != bits.data() + bits.size() || out.bits_ < 0 ||
      out.bits_ > (address->v6 ? 128 : 32)) {
    return wrong;
  }
  out.base_ = address->masked(out.bits_);
  return out;
}

bool AddressBlock::contains(std::string_view text) const {
  const std::optional<Address> address = parse_address(text);
  return address && contains(*address);
}

}  // namespace aev::routing
