#include "address_limits.h"

#include <algorithm>
#include <arpa/inet.h>
#include <charconv>
#include <iterator>
#include <optional>
#include <stdexcept>

namespace aev::websocket {
namespace {

using Bytes = std::array<std::uint8_t, 16>;
constexpr Bytes kMapped = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, 0, 0, 0, 0};
constexpr unsigned kMappedBits = 96;

std::optional<Bytes> parse_address(std::string_view text) {
  const std::string owned(text);
  Bytes bytes = kMapped;
  if (inet_pton(AF_INET, owned.c_str(), bytes.data() + 12) == 1 ||
      inet_pton(AF_INET6, owned.c_str(), bytes.data()) == 1) {
    return bytes;
  }
  return std::nullopt;
}

bool is_mapped(const Bytes& bytes) {
  return std::equal(bytes.begin(), bytes.begin() + 12, kMapped.begin());
}

bool same_start(const Bytes& a, const Bytes& b, unsigned bits) {
  const unsigned whole = bits / 8;
  const unsigned rest = bits % 8;
  return std::equal(a.begin(), a.begin() + whole, b.begin()) &&
         (rest == 0 || (a[whole] ^ b[whole]) >> (8 - rest) == 0);
}

bool is_trusted(const std::vector<Network>& networks, std::string_view address) {
  return std::any_of(networks.begin(), networks.end(),
                     [&](const Network& network) { return network.contains(address); });
}

}  // namespace

AddressLimits::Verdict AddressLimits::enter(const std::string& address, MonoTime now) {
  const auto [at, is_new] = entries_.try_emplace(
      address, Entry{0, TokenBucket(per_minute_ / 60, std::max(1.0, per_minute_), now)});
  Entry& entry = at->second;
  if (!entry.handshakes.take(now)) {
    return Verdict::kTooFast;
  }
  if (entry.connections >= connections_) {
    return Verdict::kTooMany;
  }
  ++entry.connections;
  return Verdict::kAdmitted;
}

void AddressLimits::leave(const std::string& address) {
  if (const auto at = entries_.find(address); at != entries_.end() && at->second.connections > 0) {
    --at->second.connections;
  }
}

void AddressLimits::sweep(MonoTime now) {
  for (auto at = entries_.begin(); at != entries_.end();) {
    Entry& entry = at->second;
    at = entry.connections == 0 && entry.handshakes.full(now) ? entries_.erase(at) : std::next(at);
  }
}

std::string counted_address(std::string_view text) {
  auto bytes = parse_address(text);
  if (!bytes) {
    return std::string(text);
  }
  char out[INET6_ADDRSTRLEN] = {};
  if (is_mapped(*bytes)) {
    inet_ntop(AF_INET, bytes->data() + 12, out, sizeof out);
    return out;
  }
  std::fill(bytes->begin() + 8, bytes->end(), std::uint8_t{0});
  inet_ntop(AF_INET6, bytes->data(), out, sizeof out);
  return std::string(out) + "/64";
}

Network::Network(std::string_view text) {
  const std::size_t slash = text.find('/');
  const auto bytes = parse_address(text.substr(0, slash));
  if (!bytes) {
    throw std::invalid_argument("'" + std::string(text) +
                                "' is not an address or network such as 10.0.0.0/8");
  }
  bytes_ = *bytes;
  const unsigned base = is_mapped(bytes_) ? kMappedBits : 0;
  prefix_ = 128;
  if (slash != std::string_view::npos) {
    const std::string_view digits = text.substr(slash + 1);
    unsigned bits = 0;
    const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), bits);
    if (error != std::errc() || end != digits.data() + digits.size() || bits > 128 - base) {
      throw std::invalid_argument("'" + std::string(text) + "' has no valid prefix length");
    }
    prefix_ = base + bits;
  }
}

bool Network::contains(std::string_view address) const noexcept {
  const auto bytes = parse_address(address);
  return bytes && same_start(*bytes, bytes_, prefix_);
}

std::string client_address(const std::vector<Network>& trusted,
                           std::string_view peer,
                           std::string_view forwarded_for) {
  std::string_view client = peer;
  while (is_trusted(trusted, client) && !forwarded_for.empty()) {
    const std::size_t comma = forwarded_for.rfind(',');
    std::string_view last =
        comma == std::string_view::npos ? forwarded_for : forwarded_for.substr(comma + 1);
    forwarded_for = forwarded_for.substr(0, comma == std::string_view::npos ? 0 : comma);
    while (last.starts_with(' ')) {
      last.remove_prefix(1);
    }
    while (last.ends_with(' ')) {
      last.remove_suffix(1);
    }
    if (!parse_address(last)) {
      break;
    }
    client = last;
  }
  return std::string(client);
}

}  // namespace aev::websocket
