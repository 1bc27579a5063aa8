#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>

#include "options.h"

namespace aev::websocket {

/// A share in a listening socket of this process.
///
/// A reload starts a changed subscriber's new instance beside the old one, and both listen on the
/// same address. So the sockets are kept by address in a registry of the process: the one exception
/// to having no global state, and this file is all of it (host/docs/decisions, "a listening socket
/// is shared across a reload"). The shares of one subscriber take turns: only the oldest accepts,
/// because only the instance that the host delivers to can serve a client without a gap. The socket
/// itself stays open from the first share to the last, so a connection that comes in between waits
/// in its queue.
///
/// Thread-safe, but for one share, which belongs to its instance.
class ListeningShare {
 public:
  /// Binds and listens, or joins the socket that another instance of the same `subscriber` has on
  /// that address. Throws std::runtime_error with what is wrong.
  ListeningShare(const ListenAddress& address, const std::string& subscriber);
  ListeningShare(const ListeningShare&) = delete;
  ListeningShare& operator=(const ListeningShare&) = delete;
  ~ListeningShare();

  /// `127.0.0.1:8765` or `[::1]:8765`, with the port that was bound.
  [[nodiscard]] const std::string& address() const noexcept { return address_; }

  [[nodiscard]] bool is_ipv6() const noexcept { return ipv6_; }

  /// `on_turn` is called once this is the oldest share: within this call, or on the thread that
  /// gives up the one before. It must not block nor use this registry.
  void await_turn(std::function<void()> on_turn);

  /// A descriptor of its own for the socket, which the caller closes. Throws std::runtime_error.
  [[nodiscard]] int duplicate() const;

  /// Gives the share up; the next in turn accepts. May be called twice.
  void release() noexcept;

 private:
  friend struct ListeningRegistry;

  std::string key_;
  std::string address_;
  bool ipv6_ = false;
  std::function<void()> on_turn_;  // guarded by the registry's mutex
};

}  // namespace aev::websocket
