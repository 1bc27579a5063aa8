#include "socket_client.h"

#include <algorithm>
#include <arpa/inet.h>
#include <array>
#include <cstdlib>
#include <netinet/in.h>
#include <stdexcept>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>
#include <utility>

namespace aev::http::testing {

SocketClient::SocketClient(std::uint16_t port) : descriptor_(::socket(AF_INET, SOCK_STREAM, 0)) {
  ::sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  const ::timeval patience{30, 0};
  ::setsockopt(descriptor_, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
  ::setsockopt(descriptor_, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof patience);
  if (::connect(descriptor_, reinterpret_cast<const ::sockaddr*>(&address), sizeof address) != 0) {
    ::close(descriptor_);
    throw std::runtime_error("cannot connect");
  }
}

SocketClient::~SocketClient() {
  ::close(descriptor_);
}

bool SocketClient::send(std::string_view bytes) {
  while (!bytes.empty()) {
    const ::ssize_t count = ::send(descriptor_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (count <= 0) {
      return false;
    }
    bytes.remove_prefix(static_cast<std::size_t>(count));
  }
  return true;
}

void SocketClient::finish_sending() {
  ::shutdown(descriptor_, SHUT_WR);
}

bool SocketClient::receive_more() {
  std::array<char, 65536> buffer{};
  const ::ssize_t count = ::recv(descriptor_, buffer.data(), buffer.size(), 0);
  if (count <= 0) {
    return false;
  }
  received_.append(buffer.data(), static_cast<std::size_t>(count));
  return true;
}

std::string SocketClient::answer(bool with_body) {
  std::size_t end = 0;
  while ((end = received_.find("\r\n\r\n")) == std::string::npos) {
    if (!receive_more()) {
      return std::exchange(received_, {});
    }
  }
  end += 4;
  const std::size_t length_at = received_.find("Content-Length: ");
  if (with_body && length_at < end) {
    end += std::strtoul(received_.c_str() + length_at + 16, nullptr, 10);
    while (received_.size() < end && receive_more()) {
    }
  }
  end = std::min(end, received_.size());
  std::string whole = received_.substr(0, end);
  received_.erase(0, end);
  return whole;
}

std::string SocketClient::until_closed() {
  while (receive_more()) {
  }
  return std::exchange(received_, {});
}

int status_of(std::string_view answer) {
  return answer.size() > 12 ? std::atoi(std::string(answer.substr(9, 3)).c_str()) : 0;
}

std::string body_of(std::string_view answer) {
  const std::size_t end = answer.find("\r\n\r\n");
  return end == std::string_view::npos ? std::string() : std::string(answer.substr(end + 4));
}

std::string post(std::string_view path, std::string_view body) {
  return "POST " + std::string(path) +
         " HTTP/1.1\r\nHost: test\r\nContent-Length: " + std::to_string(body.size()) + "\r\n\r\n" +
         std::string(body);
}

}  // namespace aev::http::testing
