#include "listening_sockets.h"

#include <algorithm>
#include <arpa/inet.h>
#include <cerrno>
#include <cstring>
#include <deque>
#include <fcntl.h>
#include <map>
#include <mutex>
#include <netinet/in.h>
#include <stdexcept>
#include <sys/socket.h>
#include <system_error>
#include <unistd.h>

namespace aev::websocket {

/// Every listening socket of the plugin in this process.
struct ListeningRegistry {
  struct Entry {
    int descriptor = -1;
    std::string subscriber;
    std::string address;
    std::deque<ListeningShare*> shares;  // the oldest first; never empty
  };

  std::mutex mutex;
  std::map<std::string, Entry> entries;

  static ListeningRegistry& get() {
    static ListeningRegistry registry;
    return registry;
  }
};

namespace {

constexpr int kBacklog = 4096;

std::string error_text() {
  return std::generic_category().message(errno);
}

struct SocketAddress {
  sockaddr_storage storage{};
  socklen_t size = 0;
};

SocketAddress to_socket_address(const ListenAddress& listen) {
  SocketAddress out;
  sockaddr_in v4{};
  sockaddr_in6 v6{};
  if (inet_pton(AF_INET, listen.host.c_str(), &v4.sin_addr) == 1) {
    v4.sin_family = AF_INET;
    v4.sin_port = htons(listen.port);
    std::memcpy(&out.storage, &v4, sizeof v4);
    out.size = sizeof v4;
  } else if (inet_pton(AF_INET6, listen.host.c_str(), &v6.sin6_addr) == 1) {
    v6.sin6_family = AF_INET6;
    v6.sin6_port = htons(listen.port);
    std::memcpy(&out.storage, &v6, sizeof v6);
    out.size = sizeof v6;
  } else {
    throw std::runtime_error("'" + listen.host + "' is not an IP address");
  }
  return out;
}

bool is_v6(const ListenAddress& listen) {
  return listen.host.find(':') != std::string::npos;
}

std::string bound_address(int descriptor, const ListenAddress& listen) {
  sockaddr_storage storage{};
  socklen_t size = sizeof storage;
  if (getsockname(descriptor, reinterpret_cast<sockaddr*>(&storage), &size) != 0) {
    throw std::runtime_error("the bound port cannot be told: " + error_text());
  }
  in_port_t port = 0;  // at the same place in both kinds of address
  std::memcpy(&port, reinterpret_cast<const char*>(&storage) + offsetof(sockaddr_in, sin_port),
              sizeof port);
  const std::string host = is_v6(listen) ? "[" + listen.host + "]" : listen.host;
  return host + ":" + std::to_string(ntohs(port));
}

int bind_and_listen(const ListenAddress& listen) {
  const SocketAddress address = to_socket_address(listen);
  const int descriptor =
      ::socket(address.storage.ss_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  const std::string where = listen.host + " port " + std::to_string(listen.port);
  if (descriptor < 0) {
    throw std::runtime_error("cannot make a socket for " + where + ": " + error_text());
  }
  const int on = 1;
  setsockopt(descriptor, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
  if (::bind(descriptor, reinterpret_cast<const sockaddr*>(&address.storage), address.size) != 0 ||
      ::listen(descriptor, kBacklog) != 0) {
    const std::string why = error_text();
    ::close(descriptor);
    throw std::runtime_error("cannot listen on " + where + ": " + why +
                             "; choose another address for `listen`, or end what uses it");
  }
  return descriptor;
}

}  // namespace

ListeningShare::ListeningShare(const ListenAddress& address, const std::string& subscriber)
    : key_(address.host + "|" + std::to_string(address.port)), ipv6_(is_v6(address)) {
  if (address.port == 0) {
    key_ += "|" + subscriber;  // each subscriber has a free port of its own
  }
  ListeningRegistry& registry = ListeningRegistry::get();
  const std::lock_guard lock(registry.mutex);
  auto found = registry.entries.find(key_);
  if (found == registry.entries.end()) {
    ListeningRegistry::Entry made;
    made.subscriber = subscriber;
    made.descriptor = bind_and_listen(address);
    try {
      made.address = bound_address(made.descriptor, address);
    } catch (...) {
      ::close(made.descriptor);
      throw;
    }
    found = registry.entries.emplace(key_, std::move(made)).first;
  } else if (found->second.subscriber != subscriber) {
    throw std::runtime_error(found->second.address + " is listened on by the subscriber '" +
                             found->second.subscriber + "'; each needs an address of its own");
  }
  address_ = found->second.address;
  found->second.shares.push_back(this);
}

ListeningShare::~ListeningShare() {
  release();
}

void ListeningShare::await_turn(std::function<void()> on_turn) {
  ListeningRegistry& registry = ListeningRegistry::get();
  const std::lock_guard lock(registry.mutex);
  const auto found = registry.entries.find(key_);
  if (found == registry.entries.end()) {
    return;
  }
  if (found->second.shares.front() == this) {
    on_turn();
  } else {
    on_turn_ = std::move(on_turn);
  }
}

int ListeningShare::duplicate() const {
  ListeningRegistry& registry = ListeningRegistry::get();
  const std::lock_guard lock(registry.mutex);
  const auto found = registry.entries.find(key_);
  const int copy =
      found == registry.entries.end() ? -1 : ::fcntl(found->second.descriptor, F_DUPFD_CLOEXEC, 0);
  if (copy < 0) {
    throw std::runtime_error("the listening socket of " + address_ +
                             " cannot be duplicated: " + error_text());
  }
  return copy;
}

void ListeningShare::release() noexcept {
  ListeningRegistry& registry = ListeningRegistry::get();
  const std::lock_guard lock(registry.mutex);
  const auto found = registry.entries.find(key_);
  if (found == registry.entries.end()) {
    return;
  }
  auto& shares = found->second.shares;
  const auto mine = std::find(shares.begin(), shares.end(), this);
  if (mine == shares.end()) {
    return;
  }
  const bool was_oldest = mine == shares.begin();
  shares.erase(mine);
  if (shares.empty()) {
    ::close(found->second.descriptor);
    registry.entries.erase(found);
  } else if (was_oldest && shares.front()->on_turn_) {
    std::exchange(shares.front()->on_turn_, nullptr)();
  }
}

}  // namespace aev::websocket
