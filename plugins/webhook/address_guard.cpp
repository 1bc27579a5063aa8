#include "address_guard.h"

#include <algorithm>
#include <charconv>
#include <stdexcept>

#include <Poco/Exception.h>
#include <Poco/Net/SocketAddress.h>

namespace aev::webhook {
namespace {

using Poco::Net::IPAddress;

// IANA's special-purpose registries for IPv4 and IPv6.
constexpr const char* kInside[] = {
    "0.0.0.0/8",       "10.0.0.0/8",     "100.64.0.0/10", "127.0.0.0/8",    "169.254.0.0/16",
    "172.16.0.0/12",   "192.0.0.0/24",   "192.0.2.0/24",  "192.168.0.0/16", "198.18.0.0/15",
    "198.51.100.0/24", "203.0.113.0/24", "224.0.0.0/4",   "240.0.0.0/4",    "::1/128",
    "64:ff9b::/96",    "100::/64",       "2001:db8::/32", "fc00::/7",       "fe80::/10",
    "ff00::/8"};

const std::vector<Network>& inside() {
  static const std::vector<Network> networks = [] {
    std::vector<Network> made;
    for (const char* cidr : kInside) {
      made.push_back(parse_network(cidr));
    }
    return made;
  }();
  return networks;
}

bool any_contains(const std::vector<Network>& networks, const IPAddress& address) {
  return std::any_of(networks.begin(), networks.end(),
                     [&](const Network& each) { return each.contains(address); });
}

/// ::ffff:a.b.c.d is a.b.c.d in disguise.
IPAddress unwrap(const IPAddress& address) {
  if (address.family() == IPAddress::IPv6 && address.isIPv4Mapped()) {
    return IPAddress(static_cast<const char*>(address.addr()) + 12, 4);
  }
  return address;
}

}  // namespace

bool Network::contains(const IPAddress& other) const {
  if (other.family() != address.family()) {
    return false;
  }
  const IPAddress mask(prefix, address.family());
  return (other & mask) == (address & mask);
}

Network parse_network(std::string_view cidr) {
  const auto slash = cidr.find('/');
  Network network;
  IPAddress address;
  if (!IPAddress::tryParse(std::string(cidr.substr(0, slash)), address)) {
    throw std::invalid_argument("'" + std::string(cidr) +
                                "' is not a network; write it like 127.0.0.0/8 or fc00::/7");
  }
  network.address = address;
  const unsigned most = address.family() == IPAddress::IPv4 ? 32 : 128;
  network.prefix = most;
  if (slash != std::string_view::npos) {
    const char* const end = cidr.data() + cidr.size();
    const auto [after, error] = std::from_chars(cidr.data() + slash + 1, end, network.prefix);
    if (error != std::errc() || after != end || network.prefix > most) {
      throw std::invalid_argument("'" + std::string(cidr) + "' has no prefix length from 0 to " +
                                  std::to_string(most) + " behind the slash");
    }
  }
  return network;
}

std::string refuse_address(const sockaddr& address,
                           socklen_t length,
                           const std::vector<Network>& allowed) {
  try {
    const IPAddress connected = unwrap(Poco::Net::SocketAddress(&address, length).host());
    const bool refused = connected.isWildcard() || any_contains(inside(), connected);
    if (!refused || any_contains(allowed, connected)) {
      return {};
    }
    const std::string text = connected.toString();
    return "address " + text +
           " is inside a private or reserved network; if it is meant, add it to "
           "allow_networks of this subscriber (for loopback: 127.0.0.0/8)";
  } catch (const std::exception&) {  // none may pass through libcurl, which is C
    return "an address that cannot be judged is refused";
  }
}

}  // namespace aev::webhook
