#pragma once

#include <array>
#include <cstdint>
#include <string_view>

#include "core/result.h"

namespace aev::routing {

/// A block of IPv4 or IPv6 addresses, such as 10.0.0.0/8 or 2001:db8::/32. Immutable.
class IpRange {
 public:
  [[nodiscard]] static Result<IpRange> parse(std::string_view text);

  /// False if `text` is no address, or one of the other family.
  [[nodiscard]] bool contains(std::string_view text) const;

 private:
  std::array<std::uint8_t, 16> address_{};
  int family_ = 0;
  int bits_ = 0;
};

}  // namespace aev::routing
