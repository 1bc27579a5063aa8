#include "routing/ip_range.h"

#include <algorithm>
#include <arpa/inet.h>
#include <charconv>
#include <sys/socket.h>

namespace aev::routing {
namespace {

/// The family, or 0 if `text` is no address.
int parse_address(std::string_view text, std::array<std::uint8_t, 16>& out) {
  std::array<char, INET6_ADDRSTRLEN + 1> zero_ended{};
  if (text.size() >= zero_ended.size()) {
    return 0;
  }
  std::copy(text.begin(), text.end(), zero_ended.begin());
  if (text.find('\0') != std::string_view::npos) {
    return 0;
  }
  for (const int family : {AF_INET, AF_INET6}) {
    if (::inet_pton(family, zero_ended.data(), out.data()) == 1) {
      return family;
    }
  }
  return 0;
}

}  // namespace

Result<IpRange> IpRange::parse(std::string_view text) {
  const Error wrong{
      ErrorCode::kInvalid, "must be a block of addresses such as 10.0.0.0/8 or 2001:db8::/32", {}};
  const std::size_t slash = text.find('/');
  if (slash == std::string_view::npos) {
    return wrong;
  }
  IpRange out;
  out.family_ = parse_address(text.substr(0, slash), out.address_);
  const std::string_view bits = text.substr(slash + 1);
  const auto parsed = std::from_chars(bits.data(), bits.data() + bits.size(), out.bits_);
  if (out.family_ == 0 || bits.empty() || parsed.ec != std::errc() ||
      parsed.ptr != bits.data() + bits.size() || out.bits_ < 0 ||
      out.bits_ > (out.family_ == AF_INET ? 32 : 128)) {
    return wrong;
  }
  return out;
}

bool IpRange::contains(std::string_view text) const {
  std::array<std::uint8_t, 16> address{};
  if (parse_address(text, address) != family_) {
    return false;
  }
  for (int bit = 0; bit < bits_; bit += 8) {
    const auto index = static_cast<std::size_t>(bit / 8);
    const int left = std::min(8, bits_ - bit);
    const auto mask = static_cast<std::uint8_t>(0xFF << (8 - left));
    if (((address[index] ^ address_[index]) & mask) != 0) {
      return false;
    }
  }
  return true;
}

}  // namespace aev::routing
