#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include <boost/asio/basic_stream_socket.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/ssl/context.hpp>

#include "hub.h"

namespace aev::websocket {

using Socket =
    boost::asio::basic_stream_socket<boost::asio::ip::tcp, boost::asio::io_context::executor_type>;

/// Handshakes that came to nothing, by reason.
struct RefusalCounters {
  std::uint64_t bad_request = 0;
  std::uint64_t origin = 0;
  std::uint64_t address = 0;  ///< too many or too fast from one address
  std::uint64_t full = 0;     ///< no room for another client
  std::uint64_t auth = 0;
  std::uint64_t debate = 0;
  std::uint64_t tls = 0;
};

/// What all connections of an instance share. Outlives them.
struct ConnectionSurroundings {
  const Options& options;
  Hub& hub;
  AddressLimits& addresses;
  boost::asio::ssl::context* tls;  ///< null: plain
  RefusalCounters& refusals;
};

/// A connection that has been accepted: makes its handshake, checks who may come in, and is a
/// client of the hub until it ends.
class Connection : public Client {
 public:
  using Client::Client;

  /// Begins with the handshake.
  virtual void start() = 0;
};

/// Takes the socket over.
[[nodiscard]] std::shared_ptr<Connection> make_connection(Socket socket,
                                                          ConnectionSurroundings& surroundings,
                                                          std::uint64_t id,
                                                          MonoTime now);

}  // namespace aev::websocket
