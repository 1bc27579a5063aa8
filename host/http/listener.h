#pragma once

#include <cstdint>
#include <functional>
#include <memory>

#include "core/result.h"
#include "http/server.h"
#include "http/transport.h"

namespace aev::http {

/// A bound, listening socket. Confined to one thread after open(), but for prepare_certificate()
/// and what that returns, which any thread may call.
class Listener {
 public:
  /// Binds and listens; reads certificate and key if given. kIo names the address or the file.
  [[nodiscard]] static Result<std::unique_ptr<Listener>> open(const ServerOptions& options);
  virtual ~Listener() = default;
  /// The next connection; call when descriptor() is readable. kIo if there was none to take or the
  /// process has no descriptors left.
  [[nodiscard]] virtual Result<std::unique_ptr<Transport>> accept() = 0;
  /// Reads certificate and key anew, kIo if they cannot be used; the function that comes back lets
  /// later connections see them. Nothing to do without TLS.
  [[nodiscard]] virtual Result<std::function<void()>> prepare_certificate(
      const ServerOptions& options) = 0;
  [[nodiscard]] virtual int descriptor() const = 0;
  [[nodiscard]] virtual std::uint16_t port() const = 0;
};

}  // namespace aev::http
