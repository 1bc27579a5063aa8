#pragma once

#include <memory>
#include <string>

#include <aev/plugin.hpp>

#include "options.h"

namespace aev::websocket {

/// One instance at work: a thread that accepts clients on the configured address and carries what
/// the host delivers to them. Thread-safe, but for start() and the end.
class Server {
 public:
  Server(const Options& options, sdk::Host host);
  Server(const Server&) = delete;
  Server& operator=(const Server&) = delete;

  /// Ends the thread and every connection; the host is not called any more.
  ~Server();

  /// Binds, and starts the thread. Throws std::runtime_error with what is wrong.
  void start();

  /// Takes a batch over; its events are completed on the thread of this server.
  void deliver(const sdk::Batch& batch);

  /// Stops accepting, sends what clients are owed, closes them with 1012 before `deadline`, and
  /// then tells the host that it has stopped.
  void stop(sdk::MonoTime deadline);

  /// JSON for the query `status`. Waits for the server's thread; throws std::runtime_error if that
  /// does not answer in time.
  [[nodiscard]] std::string status_json() const;

 private:
  class Io;

  std::unique_ptr<Io> io_;
};

}  // namespace aev::websocket
