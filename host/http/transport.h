#pragma once

#include <cstddef>
#include <string_view>

namespace aev::http {

/// One accepted connection's bytes, plain or TLS. Confined to one thread, but for descriptor(),
/// which another thread may shut down (never close) while this object lives.
class Transport {
 public:
  virtual ~Transport() = default;
  /// Bytes received (blocks for the first), 0 at the peer's end, -1 when the connection broke.
  [[nodiscard]] virtual std::ptrdiff_t receive(char* into, std::size_t capacity) noexcept = 0;
  /// Sends both parts, in one system call where the socket takes them; false when the peer is gone.
  [[nodiscard]] virtual bool send(std::string_view head, std::string_view body) noexcept = 0;
  /// Tells the peer that nothing more will come.
  virtual void finish_sending() noexcept = 0;
  [[nodiscard]] virtual int descriptor() const noexcept = 0;
  /// False if a first send needs a handshake and may therefore wait for the peer.
  [[nodiscard]] virtual bool sends_at_once() const noexcept = 0;
};

}  // namespace aev::http
