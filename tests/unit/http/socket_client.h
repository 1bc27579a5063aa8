#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace aev::http::testing {

/// A raw loopback client with generous time limits. Confined to one thread.
class SocketClient {
 public:
  explicit SocketClient(std::uint16_t port);
  ~SocketClient();
  SocketClient(const SocketClient&) = delete;
  SocketClient& operator=(const SocketClient&) = delete;

  /// False if the server has closed.
  bool send(std::string_view bytes);
  void finish_sending();
  /// One answer by its Content-Length (head and body); what came so far if the server closed
  /// before. `with_body` false reads the head alone.
  std::string answer(bool with_body = true);
  /// Everything until the server closes.
  std::string until_closed();

  std::string exchange(std::string_view request) {
    send(request);
    return answer();
  }

 private:
  bool receive_more();

  int descriptor_;
  std::string received_;
};

[[nodiscard]] int status_of(std::string_view answer);
[[nodiscard]] std::string body_of(std::string_view answer);

/// `POST path` with Host and Content-Length.
[[nodiscard]] std::string post(std::string_view path, std::string_view body);

}  // namespace aev::http::testing
