#include <atomic>
#include <thread>
#include <vector>

#include "server_fixture.h"

using namespace aev;
using namespace aev::http;
using namespace aev::http::testing;

TEST_CASE("a request is answered and the connection stays", "[http]") {
  RunningServer running(echo);
  SocketClient client(running.port());
  for (int i = 0; i < 3; ++i) {
    const std::string answer = client.exchange(post("/", "hello " + std::to_string(i)));
    CHECK(status_of(answer) == 200);
    CHECK(body_of(answer) == "hello " + std::to_string(i));
    CHECK(answer.find("Date: Tue, 14 Nov 2023 22:13:20 GMT\r\n") != std::string::npos);
  }
  CHECK(running.metrics.expose().find("aragora_http_requests_total{status=\"2xx\"} 3") !=
        std::string::npos);
}

TEST_CASE("pipelined requests are answered in order", "[http]") {
  RunningServer running(echo);
  SocketClient client(running.port());
  client.send(post("/", "one") + post("/", "two") + "GET / HTTP/1.1\r\nHost: a\r\n\r\n");
  CHECK(body_of(client.answer()) == "one");
  CHECK(body_of(client.answer()) == "two");
  CHECK(status_of(client.answer()) == 200);
}

TEST_CASE("a request may come byte by byte", "[http]") {
  RunningServer running(echo);
  SocketClient client(running.port());
  for (const char c : post("/", "slow")) {
    REQUIRE(client.send(std::string_view(&c, 1)));
  }
  CHECK(body_of(client.answer()) == "slow");
}

TEST_CASE("the exchange shows the request as sent", "[http]") {
  std::string seen;
  RunningServer running([&](Exchange& exchange) {
    seen = std::string(exchange.method()) + " " + std::string(exchange.path()) + " " +
           std::string(exchange.query()) + " " + std::string(exchange.header("x-a"));
    exchange.each_header(
        [](void* context, std::string_view name, std::string_view value) {
          static_cast<std::string*>(context)->append("|").append(name).append("=").append(value);
        },
        &seen);
    exchange.respond(204, "", "");
  });
  SocketClient client(running.port());
  const std::string answer =
      client.exchange("PUT /a%20b?c=%2F HTTP/1.1\r\nHost: h\r\nX-A:  v \r\n\r\n");
  CHECK(status_of(answer) == 204);
  CHECK(answer.find("Content-Length") == std::string::npos);
  CHECK(seen == "PUT /a%20b c=%2F v|Host=h|X-A=v");
}

TEST_CASE("chunked bodies are put together", "[http]") {
  RunningServer running(echo);
  SocketClient client(running.port());
  const std::string head = "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n";
  CHECK(body_of(client.exchange(head + "3\r\nabc\r\n4;x=y\r\ndefg\r\n0\r\nT: 1\r\n\r\n")) ==
        "abcdefg");
  CHECK(body_of(client.exchange(head + "0\r\n\r\n")).empty());
  const std::string large(50'000, 'x');
  CHECK(body_of(client.exchange(head + "c350\r\n" + large + "\r\n0\r\n\r\n")) == large);
}

TEST_CASE("malformed chunks are refused and end the connection", "[http]") {
  RunningServer running(echo);
  for (const char* body : {"x\r\nabc\r\n0\r\n\r\n", "2\r\nabc\r\n0\r\n\r\n", "-1\r\n\r\n", "\r\n",
                           "11111111111111111\r\n"}) {
    CAPTURE(body);
    SocketClient client(running.port());
    client.send(std::string("POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n") +
                body);
    const std::string answer = client.until_closed();
    CHECK(status_of(answer) == 400);
    CHECK(answer.find("Connection: close\r\n") != std::string::npos);
  }
}

TEST_CASE("a body that ends early never reaches the handler as a whole one", "[http]") {
  std::atomic<int> whole{0};
  std::atomic<int> broken{0};
  RunningServer running([&](Exchange& exchange) {
    (exchange.read_body(1000).ok() ? whole : broken)++;
    exchange.respond(200, "text/plain", "");
  });
  const std::string chunked = "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n";
  for (const std::string& request :
       {chunked + "3\r\nabc\r\n", chunked + "3\r\nab", chunked, chunked + "3\r\nabc\r\n0\r\n",
        post("/", "hello").substr(0, post("/", "hello").size() - 1)}) {
    SocketClient client(running.port());
    client.send(request);
    client.finish_sending();
    client.until_closed();
  }
  CHECK(whole == 0);
  CHECK(broken == 5);
}

TEST_CASE("bodies of every size around the buffers arrive unchanged", "[http]") {
  RunningServer running(echo);
  SocketClient client(running.port());
  for (const std::size_t size :
       {1u, 8'000u, 24'000u, 24'400u, 24'600u, 262'144u, 262'145u, 1'000'000u}) {
    std::string body(size, '\0');
    for (std::size_t i = 0; i < size; ++i) {
      body[i] = static_cast<char>('a' + i % 23);
    }
    CAPTURE(size);
    REQUIRE(body_of(client.exchange(post("/", body))) == body);
  }
}

TEST_CASE("a body beyond the handler's limit is refused, and the answer arrives", "[http]") {
  RunningServer running([](Exchange& exchange) {
    auto body = exchange.read_body(10);
    REQUIRE_FALSE(body.ok());
    exchange.respond(problem_response(body.error()));
  });
  SocketClient by_length(running.port());
  by_length.send(post("/", std::string(300'000, 'x')));
  by_length.finish_sending();
  CHECK(status_of(by_length.until_closed()) == 413);
  SocketClient by_chunks(running.port());
  by_chunks.send(
      "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\nb\r\n01234567890\r\n");
  by_chunks.finish_sending();
  CHECK(status_of(by_chunks.until_closed()) == 413);
}

TEST_CASE("read() streams a body in pieces", "[http]") {
  RunningServer running([](Exchange& exchange) {
    std::string body;
    char piece[7];
    while (true) {
      auto count = exchange.read(piece, sizeof piece);
      REQUIRE(count.ok());
      if (*count == 0) {
        break;
      }
      body.append(piece, *count);
    }
    exchange.respond(200, "text/plain", body);
  });
  SocketClient client(running.port());
  CHECK(body_of(client.exchange(post("/", "the quick brown fox"))) == "the quick brown fox");
  CHECK(body_of(client.exchange("POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n"
                                "9\r\nthe quick\r\n1\r\n!\r\n0\r\n\r\n")) == "the quick!");
  CHECK(body_of(client.exchange(post("/", ""))).empty());
}

TEST_CASE("100-continue is sent when the body is wanted, and only then", "[http]") {
  RunningServer running([](Exchange& exchange) {
    if (exchange.path() == "/no") {
      exchange.respond(403, "text/plain", "");
      return;
    }
    echo(exchange);
  });
  SocketClient client(running.port());
  client.send("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\nExpect: 100-continue\r\n\r\n");
  CHECK(client.answer(false) == "HTTP/1.1 100 Continue\r\n\r\n");
  client.send("ok");
  CHECK(body_of(client.answer()) == "ok");
  client.send("POST /no HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\nExpect: 100-continue\r\n\r\n");
  client.finish_sending();
  const std::string refused = client.until_closed();
  CHECK(status_of(refused) == 403);
  CHECK(refused.find("Connection: close\r\n") != std::string::npos);
}

TEST_CASE("HEAD gets the head of GET's answer", "[http]") {
  RunningServer running([](Exchange& exchange) { exchange.respond(200, "text/plain", "12345"); });
  SocketClient client(running.port());
  client.send("HEAD / HTTP/1.1\r\nHost: a\r\n\r\n");
  CHECK(client.answer(false).find("Content-Length: 5\r\n") != std::string::npos);
  CHECK(body_of(client.exchange("GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")) ==
        "12345");
  CHECK(client.until_closed().empty());
}

TEST_CASE("HTTP/1.0 closes unless it asks not to", "[http]") {
  RunningServer running(echo);
  SocketClient client(running.port());
  const std::string kept = client.exchange("GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n");
  CHECK(kept.find("Connection: keep-alive\r\n") != std::string::npos);
  client.send("GET / HTTP/1.0\r\n\r\n");
  CHECK(client.until_closed().find("Connection: close\r\n") != std::string::npos);
}

TEST_CASE("a request that is no HTTP gets 400 and the connection ends", "[http]") {
  RunningServer running(echo);
  SocketClient client(running.port());
  client.send("\x16\x03\x01 hello\r\n\r\n");
  client.finish_sending();
  const std::string answer = client.until_closed();
  CHECK(status_of(answer) == 400);
  CHECK(answer.find("application/problem+json") != std::string::npos);
}

TEST_CASE("response headers cannot break out of their line", "[http]") {
  RunningServer running([](Exchange& exchange) {
    Response response = json_response("{}");
    response.headers["X-Good"] = "yes";
    response.headers["X-Bad"] = "a\r\nSet-Cookie: b";
    exchange.respond(response);
  });
  SocketClient client(running.port());
  const std::string answer = client.exchange("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
  CHECK(answer.find("X-Good: yes\r\n") != std::string::npos);
  CHECK(answer.find("Set-Cookie") == std::string::npos);
}

TEST_CASE("a handler that throws or forgets to answer gives 500, the server lives on", "[http]") {
  Log quiet(2, LogLevel::kError);
  std::atomic<int> calls{0};
  RunningServer running([&](Exchange& exchange) {
    if (calls++ == 0) {
      throw std::runtime_error("expected by this test");
    }
    if (exchange.path() == "/ok") {
      exchange.respond(200, "text/plain", "fine");
    }
  });
  SocketClient client(running.port());
  CHECK(status_of(client.exchange("GET / HTTP/1.1\r\nHost: a\r\n\r\n")) == 500);
  CHECK(status_of(client.exchange("GET / HTTP/1.1\r\nHost: a\r\n\r\n")) == 500);
  CHECK(status_of(client.exchange("GET /ok HTTP/1.1\r\nHost: a\r\n\r\n")) == 200);
}

TEST_CASE("many connections are served at once", "[http]") {
  constexpr int kClients = 16;
  constexpr int kRequests = 20;
  RunningServer running(echo);
  std::atomic<int> right{0};
  std::vector<std::jthread> threads;
  for (int i = 0; i < kClients; ++i) {
    threads.emplace_back([&, i] {
      SocketClient client(running.port());
      for (int k = 0; k < kRequests; ++k) {
        const std::string body = std::to_string(i) + "/" + std::to_string(k);
        right += body_of(client.exchange(post("/", body))) == body ? 1 : 0;
      }
    });
  }
  threads.clear();
  CHECK(right == kClients * kRequests);
}
