// The plugin's connections without its hub: every message of a client comes back. What the Autobahn
// cases need a server to do, so that they can be run against the plugin's own handshake, reading,
// writing and closing (connection.cpp, admission.cpp). The functions of Hub that connections call
// are defined here instead of in hub.cpp.
//
//   websocket_echo_server
//
// Prints its port and ends with its standard input. Binary messages are closed with 1003: the
// plugin never sends any.

#include <cstdio>
#include <functional>
#include <unistd.h>

#include <boost/asio/basic_socket_acceptor.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>

#include "connection.h"

namespace aev::websocket {

Hub::Hub(const Options& options, HistoryReader& history, std::function<double()> wall_seconds)
    : options_(options), history_(history), wall_seconds_(std::move(wall_seconds)) {}

void Hub::add(std::shared_ptr<Client> client, MonoTime /*now*/) {
  client->index = clients_.size();
  clients_.push_back(std::move(client));
}

void Hub::opened(Client& client, const UpgradeRequest& /*request*/, MonoTime /*now*/) {
  client.open = true;
}

void Hub::received(Client& client, std::string_view text, MonoTime /*now*/) {
  auto frame = std::make_shared<Frame>();
  frame->text = text;
  client.outbox.force(std::move(frame));
  if (!client.writing) {
    client.start_write();
  }
}

void Hub::received_binary(Client& client, MonoTime /*now*/) {
  client.start_close(static_cast<CloseCode>(1003), "text only", true);
}

void Hub::heard(Client& /*client*/, bool /*pong*/, MonoTime /*now*/) {}

void Hub::sent(Client& /*client*/, std::size_t /*bytes*/) {}

void Hub::closed(Client& client) {
  const auto kept = std::move(clients_[client.index]);
  if (client.index + 1 != clients_.size()) {
    clients_[client.index] = std::move(clients_.back());
    clients_[client.index]->index = client.index;
  }
  clients_.pop_back();
}

}  // namespace aev::websocket

int main() {
  using namespace aev::websocket;
  namespace asio = boost::asio;
  asio::io_context io(1);
  const Options options = parse_options(
      R"({"compression":{"enabled":true,"window_bits":15,"memory_level":8,"min_bytes":"1B"},)"
      R"("limits":{"message_bytes":"64MiB","clients_per_address":100000,)"
      R"("handshakes_per_minute":1000000}})");
  AddressLimits addresses(100'000, 1e6);
  RefusalCounters refusals;
  HistoryReader history({}, {});
  Hub hub(options, history, [] { return 0.0; });
  ConnectionSurroundings surroundings{options, hub, addresses, nullptr, refusals};
  asio::basic_socket_acceptor<asio::ip::tcp, asio::io_context::executor_type> acceptor(
      io, asio::ip::tcp::endpoint(asio::ip::address_v4::loopback(), 0));
  std::uint64_t next_id = 0;
  std::function<void()> accept = [&] {
    acceptor.async_accept([&](const boost::system::error_code& error, Socket socket) {
      if (!error) {
        const auto now = std::chrono::steady_clock::now();
        auto connection = make_connection(std::move(socket), surroundings, ++next_id, now);
        hub.add(connection, now);
        connection->start();
      }
      accept();
    });
  };
  accept();
  asio::posix::stream_descriptor input(io, ::dup(STDIN_FILENO));
  char byte = 0;
  input.async_read_some(asio::buffer(&byte, 1),
                        [&](const boost::system::error_code&, std::size_t) { io.stop(); });
  std::printf("%d\n", static_cast<int>(acceptor.local_endpoint().port()));
  std::fflush(stdout);
  io.run();
  return 0;
}
