#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string_view>

#include "core/result.h"

namespace aev::routing {

/// An IPv4 or IPv6 address. IPv4 takes the first four bytes.
struct Address {
  bool v6 = false;
  std::array<std::uint8_t, 16> bytes{};

  bool operator==(const Address&) const = default;

  /// The address with all but its first `bits` bits set to zero.
  [[nodiscard]] Address masked(int bits) const;
};

/// Reads `a.b.c.d` in decimal (zeros in front mean nothing) or IPv6 in hexadecimal. An IPv4-mapped
/// IPv6 address is the IPv4 one. nullopt for everything else, in little time.
[[nodiscard]] std::optional<Address> parse_address(std::string_view text);

/// A block of addresses, such as 10.0.0.0/8 or 2001:db8::/32. Immutable.
class AddressBlock {
 public:
  AddressBlock() = default;

  /// The block of one address.
  explicit AddressBlock(const Address& address) : base_(address), bits_(address.v6 ? 128 : 32) {}

  [[nodiscard]] static Result<AddressBlock> parse(std::string_view text);

  [[nodiscard]] const Address& base() const { return base_; }

  [[nodiscard]] int bits() const { return bits_; }

  [[nodiscard]] bool contains(const Address& address) const {
    return address.v6 == base_.v6 && address.masked(bits_) == base_;
  }

  /// False if `text` is no address, or one of the other family.
  [[nodiscard]] bool contains(std::string_view text) const;

 private:
  Address base_;  // masked
  int bits_ = 0;
};

}  // namespace aev::routing
