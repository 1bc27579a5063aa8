#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>

#include "core/clock.h"
#include "core/log.h"
#include "core/metrics.h"
#include "core/result.h"
#include "http/message.h"

namespace aev::http {

struct ServerOptions {
  std::string host = "127.0.0.1";
  std::uint16_t port = 0;       ///< 0: any free port
  std::string tls_certificate;  ///< path of a PEM chain; empty: plain HTTP
  std::string tls_key;
  std::uint32_t max_connections =
      512;  ///< open at once, beyond it connections get 503 and are closed
  Duration request_timeout =
      std::chrono::seconds(30);  ///< total, from a request's first byte to its last
  Duration keep_alive = std::chrono::seconds(60);  ///< idle between requests
};

/// An HTTP/1.1 server: a thread per connection, bounded, with a total deadline per request so that
/// a peer that trickles bytes is cut. Thread-safe.
class Server {
 public:
  /// Binds and starts serving. kIo names the address when it cannot be bound. `handler` outlives
  /// it.
  [[nodiscard]] static Result<std::unique_ptr<Server>> start(const ServerOptions& options,
                                                             Handler& handler,
                                                             const Clock& clock,
                                                             Metrics& metrics,
                                                             Logger logger);
  /// Stops at once what stop() has not stopped.
  virtual ~Server() = default;
  [[nodiscard]] virtual std::uint16_t port() const = 0;
  /// Checks other options for a server that runs, and reads certificate and key anew (kIo if they
  /// cannot be used). The function that comes back takes over all but the address and whether there
  /// is TLS; it cannot fail. Connections keep the certificate that they began with; the other
  /// options count from their next request on. Call it before stop() or never.
  [[nodiscard]] virtual Result<std::function<void()>> prepare(const ServerOptions& options) = 0;
  /// Accepts no more, lets running requests end until `deadline`, then cuts them. Blocks.
  virtual void stop(MonoTime deadline) = 0;
};

}  // namespace aev::http
