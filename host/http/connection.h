#pragma once

#include <atomic>
#include <memory>
#include <optional>
#include <string>

#include "core/clock.h"
#include "core/log.h"
#include "core/metrics.h"
#include "http/body_reader.h"
#include "http/deadlines.h"
#include "http/message.h"
#include "http/request_head.h"
#include "http/response_head.h"
#include "http/transport.h"

namespace aev::http {

/// What all connections of a server share. Everything outlives the connections.
struct ConnectionContext {
  Handler& handler;
  const Clock& clock;
  Logger logger;
  Deadlines& deadlines;
  const std::atomic<bool>& stopping;
  std::atomic<Duration> request_timeout;  // these two may change while connections run
  std::atomic<Duration> keep_alive;
  Counter requests[5];  ///< by status class, 1xx first
};

/// Serves the requests of one connection, one after the other, until it ends. Confined to one
/// thread.
class Connection final : private ByteSource {
 public:
  Connection(std::unique_ptr<Transport> transport, const ConnectionContext& context);
  ~Connection() override;

  /// Returns when the connection has ended. Never throws.
  void run() noexcept;

 private:
  class ConnectionExchange;

  /// Serves one request; false when the connection is to be closed.
  bool serve_one();
  bool wait_for_request();
  bool read_head();
  std::ptrdiff_t receive(char* into, std::size_t capacity) override;
  std::ptrdiff_t receive_by_deadline(char* into, std::size_t capacity);
  void refuse(int status, std::string_view detail);
  void answer(int status,
              std::string_view content_type,
              std::string_view body,
              const std::map<std::string, std::string>* headers,
              bool close);
  /// Gives the peer time to read our answer although it is still sending: closing a socket with
  /// unread bytes would reset the connection and take the answer with it.
  void linger();

  const ConnectionContext& context_;
  std::unique_ptr<Transport> transport_;
  DeadlineSlot slot_;
  InputBuffer input_;
  RequestHead head_;
  ResponseHead response_head_;
  std::string head_text_;
  std::unique_ptr<char[]> large_body_;
  std::size_t large_body_capacity_ = 0;
  MonoTime idle_since_;
  MonoTime deadline_;   // of the request being read
  MonoTime paused_at_;  // since when no one waits for the peer
  bool served_ = false;
  bool head_request_ = false;
};

}  // namespace aev::http
