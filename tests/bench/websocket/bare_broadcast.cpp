// The bare reference: Boost.Beast, one thread, a queue of shared messages for each client, and
// nothing else. No host, no log, no limits.
//
//   bare_broadcast MESSAGES BYTES
//
// Prints its port, and for every line on standard input sends MESSAGES messages of BYTES bytes to
// every client. Ends with its input.

#include <cstdio>
#include <cstdlib>
#include <deque>
#include <iostream>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/post.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/websocket.hpp>

namespace {

namespace asio = boost::asio;
namespace ws = boost::beast::websocket;
using Error = boost::system::error_code;
using Message = std::shared_ptr<const std::string>;
using Socket = asio::basic_stream_socket<asio::ip::tcp, asio::io_context::executor_type>;

class Session : public std::enable_shared_from_this<Session> {
 public:
  explicit Session(Socket socket) : ws_(std::move(socket)) {
    ws_.next_layer().set_option(asio::ip::tcp::no_delay(true));
    ws_.auto_fragment(false);
    ws_.text(true);
  }

  void start(std::vector<std::shared_ptr<Session>>& all) {
    ws_.async_accept([self = shared_from_this(), &all](const Error& error) {
      if (!error) {
        all.push_back(self);
        self->send(std::make_shared<const std::string>(R"({"type":"subscribed"})"));
        self->read();
      }
    });
  }

  void send(Message message) {
    queue_.push_back(std::move(message));
    if (queue_.size() == 1) {
      write();
    }
  }

 private:
  void write() {
    ws_.async_write(asio::buffer(*queue_.front()),
                    [self = shared_from_this()](const Error& error, std::size_t) {
                      self->queue_.pop_front();
                      if (!error && !self->queue_.empty()) {
                        self->write();
                      }
                    });
  }

  void read() {
    ws_.async_read(buffer_, [self = shared_from_this()](const Error& error, std::size_t) {
      if (!error) {
        self->buffer_.clear();
        self->read();
      }
    });
  }

  ws::stream<Socket> ws_;
  boost::beast::flat_buffer buffer_;
  std::deque<Message> queue_;
};

}  // namespace

int main(int argc, char** argv) {
  if (argc != 3) {
    std::fprintf(stderr, "usage: bare_broadcast MESSAGES BYTES\n");
    return 2;
  }
  const std::size_t messages = std::strtoull(argv[1], nullptr, 10);
  const std::size_t bytes = std::strtoull(argv[2], nullptr, 10);
  asio::io_context io(1);
  asio::basic_socket_acceptor<asio::ip::tcp, asio::io_context::executor_type> acceptor(
      io, asio::ip::tcp::endpoint(asio::ip::address_v4::loopback(), 0));
  acceptor.listen(4096);
  std::vector<std::shared_ptr<Session>> sessions;
  std::function<void()> accept = [&] {
    acceptor.async_accept([&](const Error& error, Socket socket) {
      if (!error) {
        std::make_shared<Session>(std::move(socket))->start(sessions);
        accept();
      }
    });
  };
  accept();
  std::printf("%d\n", static_cast<int>(acceptor.local_endpoint().port()));
  std::fflush(stdout);
  std::thread input([&] {
    for (std::string line; std::getline(std::cin, line);) {
      asio::post(io, [&] {
        for (std::size_t i = 0; i < messages; ++i) {
          std::string text = R"({"type":"vote","data":")";
          text.resize(std::max(bytes, text.size() + 2) - 2, 'x');
          const auto message = std::make_shared<const std::string>(text + "\"}");
          for (const auto& session : sessions) {
            session->send(message);
          }
        }
      });
    }
    io.stop();
  });
  io.run();
  input.join();
  return 0;
}
