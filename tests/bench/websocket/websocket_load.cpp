// Many WebSocket clients in one thread, as cheap as they can be: they read and count. The same
// program loads the host and the bare broadcaster, so that what it costs is in both figures.
//
//   websocket_load ADDRESS PORT CLIENTS MESSAGES TARGET...
//
// Client i connects to TARGET[i % targets], prints "ready" when all are subscribed, then counts
// messages that begin with {"type":"vote". When each has MESSAGES of them it prints
//   seconds frames bytes
// where seconds is the time from the first such message anywhere to the last one. It keeps the
// connections until its standard input ends.

#include <algorithm>
#include <arpa/inet.h>
#include <cerrno>
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <string>
#include <string_view>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>
#include <vector>

namespace {

using Clock = std::chrono::steady_clock;

constexpr std::string_view kCounted = R"({"type":"vote")";
constexpr std::string_view kSubscribed = R"({"type":"subscribed")";
constexpr std::size_t kPrefix = 32;
constexpr std::size_t kConnectingAtOnce = 256;
constexpr auto kPatience = std::chrono::minutes(5);

[[noreturn]] void fail(const std::string& what) {
  std::fprintf(stderr, "websocket_load: %s\n", what.c_str());
  std::exit(1);
}

/// One connection: the answer to its handshake, then frames.
struct Client {
  int descriptor = -1;
  bool upgraded = false;
  std::string head;  // of the answer, until it is whole
  std::uint8_t header[10] = {};
  std::size_t header_bytes = 0;
  std::uint64_t payload_left = 0;
  char prefix[kPrefix] = {};
  std::size_t prefix_bytes = 0;
  std::uint64_t counted = 0;
};

class Load {
 public:
  Load(const char* address, const char* port, std::size_t clients, std::uint64_t messages)
      : clients_(clients), messages_(messages) {
    peer_.sin_family = AF_INET;
    peer_.sin_port = htons(static_cast<std::uint16_t>(std::atoi(port)));
    if (inet_pton(AF_INET, address, &peer_.sin_addr) != 1) {
      fail("the address is none");
    }
    poll_ = epoll_create1(0);
    watch(STDIN_FILENO, ~std::uint64_t{0});
  }

  void run(const std::vector<std::string>& targets) {
    for (std::size_t next = 0; subscribed_ < clients_.size();) {
      while (next < clients_.size() && next - subscribed_ < kConnectingAtOnce) {
        connect(next, targets[next % targets.size()]);
        ++next;
      }
      turn();
    }
    std::printf("ready\n");
    std::fflush(stdout);
    while (done_ < clients_.size()) {
      turn();
    }
    std::printf("%.6f %llu %llu\n", std::chrono::duration<double>(last_ - first_).count(),
                static_cast<unsigned long long>(frames_), static_cast<unsigned long long>(bytes_));
    std::fflush(stdout);
    holding_ = true;
    while (!ended_) {
      turn();
    }
  }

 private:
  void watch(int descriptor, std::uint64_t number) const {
    epoll_event event{};
    event.events = EPOLLIN;
    event.data.u64 = number;
    if (epoll_ctl(poll_, EPOLL_CTL_ADD, descriptor, &event) != 0 && errno != EPERM) {
      fail("epoll_ctl: " + std::string(std::strerror(errno)));
    }
  }

  void connect(std::size_t number, const std::string& target) {
    Client& client = clients_[number];
    client.descriptor = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (client.descriptor < 0 ||
        ::connect(client.descriptor, reinterpret_cast<const sockaddr*>(&peer_), sizeof peer_) !=
            0) {
      fail("client " + std::to_string(number) + " cannot connect: " + std::strerror(errno));
    }
    const std::string request = "GET " + target +
                                " HTTP/1.1\r\nHost: bench\r\nUpgrade: websocket\r\n"
                                "Connection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
                                "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n";
    if (send(client.descriptor, request.data(), request.size(), MSG_NOSIGNAL) !=
        static_cast<ssize_t>(request.size())) {
      fail("the handshake cannot be sent");
    }
    fcntl(client.descriptor, F_SETFL, O_NONBLOCK);
    watch(client.descriptor, number);
  }

  void turn() {
    epoll_event events[256];
    const int count = epoll_wait(poll_, events, 256, 1000);
    if (Clock::now() - started_ > kPatience) {
      fail("not within five minutes: " + std::to_string(subscribed_) + " subscribed, " +
           std::to_string(done_) + " done");
    }
    for (int i = 0; i < count; ++i) {
      if (events[i].data.u64 == ~std::uint64_t{0}) {
        char ignored[64];
        if (read(STDIN_FILENO, ignored, sizeof ignored) <= 0) {
          ended_ = true;
          if (!holding_) {
            fail("told to end before the end");
          }
        }
      } else {
        read_from(clients_[events[i].data.u64]);
      }
    }
  }

  void read_from(Client& client) {
    const ssize_t size = recv(client.descriptor, buffer_, sizeof buffer_, 0);
    if (size < 0 && errno == EAGAIN) {
      return;
    }
    if (size <= 0) {
      if (holding_) {
        close(client.descriptor);
        return;
      }
      fail("the server ended a connection that had " + std::to_string(client.counted) +
           " messages");
    }
    std::string_view data(buffer_, static_cast<std::size_t>(size));
    if (!client.upgraded) {
      client.head.append(data);
      const std::size_t end = client.head.find("\r\n\r\n");
      if (end == std::string::npos) {
        return;
      }
      if (!client.head.starts_with("HTTP/1.1 101")) {
        fail("the handshake failed: " + client.head.substr(0, client.head.find("\r\n")));
      }
      client.upgraded = true;
      data = data.substr(data.size() - (client.head.size() - end - 4));
      std::string().swap(client.head);
    }
    frames(client, data);
  }

  void frames(Client& client, std::string_view data) {
    while (!data.empty()) {
      if (client.payload_left == 0) {
        if (!take_header(client, data)) {
          return;
        }
      }
      const std::size_t part =
          static_cast<std::size_t>(std::min<std::uint64_t>(client.payload_left, data.size()));
      const std::size_t kept = std::min(part, kPrefix - client.prefix_bytes);
      std::memcpy(client.prefix + client.prefix_bytes, data.data(), kept);
      client.prefix_bytes += kept;
      client.payload_left -= part;
      bytes_ += part;
      data.remove_prefix(part);
      if (client.payload_left == 0) {
        frame(client);
      }
    }
  }

  /// False if more is needed.
  static bool take_header(Client& client, std::string_view& data) {
    for (;;) {
      const std::uint8_t length = client.header_bytes < 2 ? 0 : client.header[1] & 0x7f;
      const std::size_t whole = client.header_bytes < 2 ? 2
                                : length == 126         ? 4
                                : length == 127         ? 10
                                                        : 2;
      if (client.header_bytes == whole && client.header_bytes >= 2) {
        client.payload_left = length;
        if (whole > 2) {
          client.payload_left = 0;
          for (std::size_t i = 2; i < whole; ++i) {
            client.payload_left = client.payload_left << 8 | client.header[i];
          }
        }
        client.header_bytes = 0;
        client.prefix_bytes = 0;
        return true;
      }
      if (data.empty()) {
        return false;
      }
      client.header[client.header_bytes++] = static_cast<std::uint8_t>(data.front());
      data.remove_prefix(1);
    }
  }

  void frame(Client& client) {
    const std::string_view start(client.prefix, client.prefix_bytes);
    if (start.starts_with(kSubscribed)) {
      ++subscribed_;
    } else if (start.starts_with(kCounted)) {
      const auto now = Clock::now();
      if (frames_++ == 0) {
        first_ = now;
      }
      last_ = now;
      if (++client.counted == messages_) {
        ++done_;
      }
    }
    client.prefix_bytes = 0;
  }

  std::vector<Client> clients_;
  const std::uint64_t messages_;
  sockaddr_in peer_{};
  int poll_ = -1;
  std::size_t subscribed_ = 0;
  std::size_t done_ = 0;
  std::uint64_t frames_ = 0;
  std::uint64_t bytes_ = 0;
  bool holding_ = false;
  bool ended_ = false;
  const Clock::time_point started_ = Clock::now();
  Clock::time_point first_{};
  Clock::time_point last_{};
  char buffer_[256 * 1024];
};

}  // namespace

int main(int argc, char** argv) {
  if (argc < 6) {
    fail("usage: websocket_load ADDRESS PORT CLIENTS MESSAGES TARGET...");
  }
  static Load load(argv[1], argv[2], std::strtoull(argv[3], nullptr, 10),
                   std::strtoull(argv[4], nullptr, 10));
  load.run(std::vector<std::string>(argv + 5, argv + argc));
  return 0;
}
