#include <atomic>
#include <thread>

#include "core/mutex.h"
#include "server_fixture.h"

using namespace aev;
using namespace aev::http;
using namespace aev::http::testing;

namespace {

ServerOptions limits(std::uint32_t connections) {
  ServerOptions options;
  options.max_connections = connections;
  options.request_timeout = std::chrono::seconds(10);
  options.keep_alive = std::chrono::seconds(20);
  return options;
}

/// Holds handlers until opened.
class Gate {
 public:
  void pass() {
    const MutexLock lock(mutex_);
    ++waiting_;
    changed_.notify_all();
    while (!open_) {
      changed_.wait(mutex_);
    }
  }

  void open() {
    const MutexLock lock(mutex_);
    open_ = true;
    changed_.notify_all();
  }

  void await_one() {
    const MutexLock lock(mutex_);
    while (waiting_ == 0) {
      changed_.wait(mutex_);
    }
  }

 private:
  Mutex mutex_;
  CondVar changed_;
  bool open_ = false;
  int waiting_ = 0;
};

}  // namespace

TEST_CASE("a peer that trickles its head is cut at the total deadline", "[http]") {
  RunningServer running(echo, limits(8));
  SocketClient client(running.port());
  client.send(post("/", ""));
  REQUIRE(status_of(client.answer()) == 200);
  client.send("GET / HTTP/1.1\r\nHo");
  // Each byte comes well within the limit; only the total counts. The time starts when the server
  // sees the first byte, so it goes on until the server gives up.
  std::jthread trickle([&](const std::stop_token& stop) {
    for (int sent = 0; !stop.stop_requested(); ++sent) {
      running.clock.advance(std::chrono::milliseconds(100));
      if (sent < 1000 && !client.send("x")) {
        return;
      }
      std::this_thread::yield();
    }
  });
  const std::string answer = client.until_closed();
  trickle.request_stop();
  trickle.join();
  CHECK(status_of(answer) == 408);
  CHECK(running.metrics.expose().find("aragora_http_timeouts_total 1") != std::string::npos);
}

TEST_CASE("a peer that does not finish its body is cut, and the handler hears of it", "[http]") {
  std::string heard;
  RunningServer running(
      [&](Exchange& exchange) {
        running.clock.advance(std::chrono::seconds(5));  // the handler's own time does not count
        auto body = exchange.read_body(100);
        heard = body ? "whole" : body.error().message;
        exchange.respond(408, "text/plain", "late");
      },
      limits(8));
  SocketClient client(running.port());
  client.send("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 50\r\n\r\nhalf");
  std::jthread time([&](const std::stop_token& stop) {
    while (!stop.stop_requested()) {
      running.clock.advance(std::chrono::milliseconds(1));
      std::this_thread::yield();
    }
  });
  const std::string answer = client.until_closed();
  CHECK(status_of(answer) == 408);
  CHECK(heard == "the request did not arrive in time");
}

TEST_CASE("an idle connection is closed silently after keep_alive", "[http]") {
  RunningServer running(echo, limits(8));
  SocketClient client(running.port());
  REQUIRE(status_of(client.exchange(post("/", ""))) == 200);
  std::jthread time([&](const std::stop_token& stop) {
    while (!stop.stop_requested()) {
      running.clock.advance(std::chrono::milliseconds(1));
      std::this_thread::yield();
    }
  });
  CHECK(client.until_closed().empty());
  CHECK(running.metrics.expose().find("aragora_http_timeouts_total 0") != std::string::npos);
}

TEST_CASE("beyond the bound of connections there is a 503 with Retry-After", "[http]") {
  RunningServer running(echo, limits(2));
  SocketClient one(running.port());
  SocketClient two(running.port());
  REQUIRE(status_of(one.exchange(post("/", ""))) == 200);
  REQUIRE(status_of(two.exchange(post("/", ""))) == 200);
  {
    SocketClient three(running.port());
    three.send(post("/", "x"));
    three.finish_sending();
    const std::string answer = three.until_closed();
    CHECK(status_of(answer) == 503);
    CHECK(answer.find("Retry-After: 1\r\n") != std::string::npos);
    CHECK(answer.find("Connection: close\r\n") != std::string::npos);
  }
  CHECK(running.metrics.expose().find("aragora_http_connections 2") != std::string::npos);
  CHECK(running.metrics.expose().find("aragora_http_connections_refused_total 1") !=
        std::string::npos);
  CHECK(status_of(one.exchange(post("/", ""))) == 200);
}

TEST_CASE("a closed connection makes room for another", "[http]") {
  RunningServer running(echo, limits(1));
  for (int i = 0; i < 20; ++i) {
    SocketClient client(running.port());
    client.send("GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n");
    const std::string answer = client.until_closed();
    // The server closes before it counts the connection as gone, so a quick successor may be
    // refused.
    CHECK((status_of(answer) == 200 || status_of(answer) == 503));
  }
}

TEST_CASE("stop lets running requests end and cuts idle connections", "[http]") {
  Gate gate;
  RunningServer running(
      [&](Exchange& exchange) {
        if (exchange.path() == "/wait") {
          gate.pass();
        }
        exchange.respond(200, "text/plain", "done");
      },
      limits(8));
  SocketClient idle(running.port());
  REQUIRE(status_of(idle.exchange(post("/", ""))) == 200);
  SocketClient busy(running.port());
  busy.send(post("/wait", ""));
  gate.await_one();
  std::jthread stopper(
      [&] { running.server->stop(running.clock.mono_now() + std::chrono::hours(1)); });
  CHECK(idle.until_closed().empty());
  gate.open();
  const std::string answer = busy.until_closed();
  CHECK(body_of(answer) == "done");
  CHECK(answer.find("Connection: close\r\n") != std::string::npos);
  stopper.join();
  CHECK_THROWS(SocketClient(running.port()));
}

TEST_CASE("stop cuts what has not ended at its deadline", "[http]") {
  RunningServer running(echo, limits(8));
  SocketClient client(running.port());
  client.send("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 50\r\n\r\nhalf");
  running.server->stop(running.clock.mono_now());
  client.until_closed();
  CHECK(running.metrics.expose().find("aragora_http_connections 0") != std::string::npos);
}

TEST_CASE("an address that is taken is refused by name", "[http]") {
  RunningServer running(echo);
  ServerOptions same;
  same.port = running.port();
  auto second = Server::start(same, running.handler, running.clock, running.metrics,
                              Logger(running.log, "http"));
  REQUIRE_FALSE(second.ok());
  CHECK(second.error().code == ErrorCode::kIo);
  CHECK(second.error().message.find("127.0.0.1:" + std::to_string(same.port)) != std::string::npos);
}
