#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "token_bucket.h"

namespace aev::websocket {

/// How many connections each address has and how fast it makes new ones. IPv6 addresses count by
/// their /64. Confined to the I/O thread.
class AddressLimits {
 public:
  enum class Verdict : std::uint8_t { kAdmitted, kTooMany, kTooFast };

  /// At most `connections` at once and `per_minute` handshakes for one address.
  AddressLimits(std::size_t connections, double per_minute)
      : connections_(connections), per_minute_(per_minute) {}

  /// Counts a handshake, and when admitted the connection until leave().
  [[nodiscard]] Verdict enter(const std::string& address, MonoTime now);

  /// The connection of an admitted address has ended.
  void leave(const std::string& address);

  /// Forgets addresses that have no connection and a full allowance again.
  void sweep(MonoTime now);

 private:
  struct Entry {
    std::size_t connections = 0;
    TokenBucket handshakes;
  };

  std::size_t connections_;
  double per_minute_;
  std::unordered_map<std::string, Entry> entries_;
};

/// The address by which a peer is counted: itself, the /64 of an IPv6 one, the IPv4 inside a mapped
/// one. `text` if it is no address.
[[nodiscard]] std::string counted_address(std::string_view text);

/// An IP network such as `10.0.0.0/8`, or one address.
class Network {
 public:
  /// Throws std::invalid_argument if `text` is none.
  explicit Network(std::string_view text);

  [[nodiscard]] bool contains(std::string_view address) const noexcept;

 private:
  std::array<std::uint8_t, 16> bytes_{};  // IPv4 as ::ffff:a.b.c.d
  unsigned prefix_ = 0;
};

/// The client's address behind trusted proxies: the last entry of X-Forwarded-For that is none of
/// them, or `peer` when `peer` itself is not trusted.
[[nodiscard]] std::string client_address(const std::vector<Network>& trusted,
                                         std::string_view peer,
                                         std::string_view forwarded_for);

}  // namespace aev::websocket
