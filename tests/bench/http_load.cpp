#include "http_load.h"

#include <arpa/inet.h>
#include <atomic>
#include <chrono>
#include <cstdlib>
#include <cstring>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <thread>
#include <unistd.h>
#include <vector>

#include "child_process.h"

namespace aev::bench {
namespace {

void send_all(int socket, std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t sent = send(socket, bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (sent <= 0) {
      fail("a connection broke while sending");
    }
    bytes.remove_prefix(static_cast<std::size_t>(sent));
  }
}

/// Reads one answer into `buffer`; where its body begins.
std::size_t read_answer(int socket, std::string& buffer) {
  buffer.clear();
  std::size_t head_end = std::string::npos;
  std::size_t total = std::string::npos;
  char chunk[16 * 1024];
  while (buffer.size() < total) {
    const ssize_t got = recv(socket, chunk, sizeof(chunk), 0);
    if (got <= 0) {
      fail("a connection broke while receiving");
    }
    buffer.append(chunk, static_cast<std::size_t>(got));
    if (total == std::string::npos && (head_end = buffer.find("\r\n\r\n")) != std::string::npos) {
      const char* const length = strcasestr(buffer.c_str(), "content-length:");
      total = head_end + 4 + (length == nullptr ? 0 : std::strtoull(length + 15, nullptr, 10));
    }
  }
  return head_end + 4;
}

}  // namespace

int connect_to(const std::string& url) {
  const auto colon = url.rfind(':');
  const int port = std::atoi(url.c_str() + colon + 1);
  const int socket = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(static_cast<std::uint16_t>(port));
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  if (connect(socket, reinterpret_cast<const sockaddr*>(&address), sizeof(address)) != 0) {
    fail("cannot connect to " + url);
  }
  const int one = 1;
  setsockopt(socket, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
  return socket;
}

LoadResult post_for(const std::string& url,
                    const std::string& path,
                    std::string_view content_type,
                    const std::string& body,
                    int connections,
                    double seconds,
                    std::uint64_t max_requests) {
  std::string request = "POST " + path + " HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: ";
  request += content_type;
  request += "\r\nContent-Length: " + std::to_string(body.size()) + "\r\n\r\n" + body;

  std::atomic<std::uint64_t> started{0};
  std::atomic<std::uint64_t> done{0};
  std::vector<std::thread> threads;
  const auto begin = std::chrono::steady_clock::now();
  const auto end = begin + std::chrono::duration<double>(seconds);
  for (int i = 0; i < connections; ++i) {
    threads.emplace_back([&] {
      const int socket = connect_to(url);
      std::string answer;
      std::uint64_t own = 0;
      while (max_requests == 0 ? std::chrono::steady_clock::now() < end
                               : started.fetch_add(1) < max_requests) {
        send_all(socket, request);
        read_answer(socket, answer);
        if (answer.compare(9, 3, "202") != 0) {
          fail("an answer was not 202: " + answer);
        }
        ++own;
      }
      done += own;
      close(socket);
    });
  }
  for (auto& thread : threads) {
    thread.join();
  }
  const std::chrono::duration<double> took = std::chrono::steady_clock::now() - begin;
  return {done.load(), took.count()};
}

std::string get(const std::string& url, const std::string& path) {
  const int socket = connect_to(url);
  send_all(socket, "GET " + path + " HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n");
  std::string answer;
  const std::size_t body = read_answer(socket, answer);
  close(socket);
  return answer.substr(body);
}

}  // namespace aev::bench
