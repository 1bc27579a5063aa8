// The receiver of the end-to-end measurements, for the host and for bare libcurl alike: one epoll
// thread that counts the POSTs and answers 200. GET answers with the count. Usage: sink READY_FILE
#include <arpa/inet.h>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <string>
#include <string_view>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>
#include <unordered_map>

namespace {

struct Totals {
  std::uint64_t requests = 0;
  std::uint64_t events = 0;
};

/// Each event of a body has this member once, in a batch too.
std::uint64_t count_events(std::string_view body) {
  constexpr std::string_view kMember = "\"event_type\":";
  std::uint64_t count = 0;
  for (auto at = body.find(kMember); at != std::string_view::npos;
       at = body.find(kMember, at + kMember.size())) {
    ++count;
  }
  return count;
}

/// Answers every whole request in `in`; false when the peer must go.
bool serve(int socket, std::string& in, Totals& totals) {
  std::string out;
  std::size_t at = 0;
  while (true) {
    const auto head_end = in.find("\r\n\r\n", at);
    if (head_end == std::string::npos) {
      break;
    }
    const std::string head = in.substr(at, head_end - at);
    const char* const length_at = strcasestr(head.c_str(), "content-length:");
    const std::size_t length =
        length_at == nullptr ? 0 : std::strtoull(length_at + 15, nullptr, 10);
    if (in.size() < head_end + 4 + length) {
      break;
    }
    std::string answer;
    if (head.starts_with("GET")) {
      answer = std::to_string(totals.requests) + " " + std::to_string(totals.events) + " ";
    } else {
      ++totals.requests;
      totals.events += count_events(std::string_view(in).substr(head_end + 4, length));
    }
    out +=
        "HTTP/1.1 200 OK\r\nContent-Length: " + std::to_string(answer.size()) + "\r\n\r\n" + answer;
    at = head_end + 4 + length;
  }
  in.erase(0, at);
  return out.empty() ||
         send(socket, out.data(), out.size(), MSG_NOSIGNAL) == static_cast<ssize_t>(out.size());
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 2) {
    return 2;
  }
  const int listener = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof(address);
  if (bind(listener, reinterpret_cast<const sockaddr*>(&address), size) != 0 ||
      listen(listener, 1024) != 0 ||
      getsockname(listener, reinterpret_cast<sockaddr*>(&address), &size) != 0) {
    return 1;
  }
  const int poller = epoll_create1(0);
  epoll_event wanted{EPOLLIN, {.fd = listener}};
  epoll_ctl(poller, EPOLL_CTL_ADD, listener, &wanted);
  std::ofstream(argv[1]) << "http://127.0.0.1:" << ntohs(address.sin_port) << '\n';

  Totals totals;
  std::unordered_map<int, std::string> connections;
  epoll_event ready[256];
  char chunk[64 * 1024];
  while (true) {  // until SIGTERM
    const int count = epoll_wait(poller, ready, 256, -1);
    for (int i = 0; i < count; ++i) {
      const int fd = ready[i].data.fd;
      if (fd == listener) {
        const int peer = accept(listener, nullptr, nullptr);
        const int one = 1;
        setsockopt(peer, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
        epoll_event event{EPOLLIN, {.fd = peer}};
        epoll_ctl(poller, EPOLL_CTL_ADD, peer, &event);
        connections[peer];
        continue;
      }
      const ssize_t got = recv(fd, chunk, sizeof(chunk), 0);
      std::string& in = connections[fd];
      if (got > 0) {
        in.append(chunk, static_cast<std::size_t>(got));
      }
      if (got <= 0 || !serve(fd, in, totals)) {
        connections.erase(fd);
        close(fd);
      }
    }
  }
}
