#pragma once

#include <string>
#include <string_view>
#include <sys/socket.h>
#include <vector>

#include <Poco/Net/IPAddress.h>

namespace aev::webhook {

/// A network such as 10.0.0.0/8 or fc00::/7.
struct Network {
  Poco::Net::IPAddress address;
  unsigned prefix = 0;

  [[nodiscard]] bool contains(const Poco::Net::IPAddress& other) const;
};

/// Throws std::invalid_argument with what is wrong.
[[nodiscard]] Network parse_network(std::string_view cidr);

/// Why nothing may be sent to `address`, or empty. Looked at when a connection is opened, after
/// DNS, so that a name which resolves to the inside (SSRF, DNS rebinding) is of no use. Refused are
/// loopback, private, link-local (with the metadata services of clouds), shared, multicast and
/// reserved networks, unless `allowed` holds the address.
[[nodiscard]] std::string refuse_address(const sockaddr& address,
                                         socklen_t length,
                                         const std::vector<Network>& allowed);

}  // namespace aev::webhook
