#include "http/request_head.h"

#include <string>

#include <catch2/catch.hpp>

using namespace aev::http;

namespace {

constexpr std::string_view kPost =
    "POST /v1/events?partial=true HTTP/1.1\r\nHost: a\r\nContent-Type: application/json \r\n"
    "content-LENGTH: 12\r\n\r\n";

int refused_with(std::string_view bytes) {
  RequestHead head;
  HeadProblem problem;
  REQUIRE(parse_request_head(bytes, head, problem) == HeadState::kRefused);
  return problem.status;
}

RequestHead complete(std::string_view bytes) {
  RequestHead head;
  HeadProblem problem;
  REQUIRE(parse_request_head(bytes, head, problem) == HeadState::kComplete);
  return head;
}

}  // namespace

TEST_CASE("a head is taken apart", "[http]") {
  const std::string bytes = std::string(kPost) + "body";
  const RequestHead head = complete(bytes);
  CHECK(head.method == "POST");
  CHECK(head.path == "/v1/events");
  CHECK(head.query == "partial=true");
  CHECK(head.header("CONTENT-type") == "application/json");
  CHECK(head.header("absent").empty());
  CHECK(head.framing == BodyFraming::kLength);
  CHECK(head.content_length == 12);
  CHECK(head.keep_alive);
  CHECK(head.bytes == kPost.size());
}

TEST_CASE("every beginning of a head is incomplete", "[http]") {
  for (std::size_t size = 0; size < kPost.size(); ++size) {
    RequestHead head;
    HeadProblem problem;
    CAPTURE(size);
    REQUIRE(parse_request_head(kPost.substr(0, size), head, problem) == HeadState::kIncomplete);
  }
}

TEST_CASE("connection and version decide whether the connection stays", "[http]") {
  CHECK_FALSE(complete("GET / HTTP/1.1\r\nHost: a\r\nConnection: x, Close\r\n\r\n").keep_alive);
  CHECK_FALSE(complete("GET / HTTP/1.0\r\n\r\n").keep_alive);
  CHECK(complete("GET / HTTP/1.0\r\nConnection: Keep-Alive\r\n\r\n").keep_alive);
}

TEST_CASE("targets: absolute form is reduced, the query split off", "[http]") {
  CHECK(complete("GET http://h:80/a/b?c=d HTTP/1.1\r\nHost: h\r\n\r\n").path == "/a/b");
  const std::string bytes = "GET http://h?q HTTP/1.1\r\nHost: h\r\n\r\n";
  const RequestHead head = complete(bytes);
  CHECK(head.path == "/");
  CHECK(head.query == "q");
  CHECK(complete("OPTIONS * HTTP/1.1\r\nHost: h\r\n\r\n").path == "*");
}

TEST_CASE("heads that two parsers could read differently are refused", "[http]") {
  CHECK(refused_with("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\nTransfer-Encoding: "
                     "chunked\r\n\r\n") == 400);
  CHECK(refused_with(
            "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\nContent-Length: 4\r\n\r\n") == 400);
  CHECK(refused_with("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: +3\r\n\r\n") == 400);
  CHECK(refused_with("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 3, 3\r\n\r\n") == 400);
  CHECK(refused_with("POST / HTTP/1.1\r\nHost: a\r\nContent-Length : 3\r\n\r\n") == 400);
  CHECK(refused_with("POST / HTTP/1.1\r\nHost: a\r\nX: 1\r\n folded\r\n\r\n") == 400);
  CHECK(refused_with("POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: gzip, chunked\r\n\r\n") ==
        501);
  CHECK(refused_with("POST / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n") == 400);
  CHECK(refused_with(std::string_view("GET / HTTP/1.1\r\nHost: a\r\nX: a\0b\r\n\r\n", 39)) == 400);
  CHECK(refused_with("GET / HTTP/1.1\r\nHost: a\r\nX: a\rb\r\n\r\n") == 400);
}

TEST_CASE("malformed heads are refused", "[http]") {
  CHECK(refused_with("GET / HTTP/1.1\r\n\r\n") == 400);
  CHECK(refused_with("GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n") == 400);
  CHECK(refused_with("GET /\r\n\r\n") == 400);
  CHECK(refused_with("GET a HTTP/1.1\r\nHost: a\r\n\r\n") == 400);
  CHECK(refused_with("G@T / HTTP/1.1\r\nHost: a\r\n\r\n") == 400);
  CHECK(refused_with("GET / HTTP/2.0\r\nHost: a\r\n\r\n") == 505);
  CHECK(refused_with("GET / HTTP/1.1\r\nHost: a\r\nExpect: tea\r\n\r\n") == 417);
}

TEST_CASE("oversized heads are refused", "[http]") {
  CHECK(refused_with("GET /" + std::string(kMaxHeadBytes, 'a')) == 414);
  CHECK(refused_with("GET / HTTP/1.1\r\nX: " + std::string(kMaxHeadBytes, 'a')) == 431);
  std::string many = "GET / HTTP/1.1\r\nHost: a\r\n";
  for (std::size_t i = 0; i < kMaxHeaders; ++i) {
    many += "X: 1\r\n";
  }
  CHECK(refused_with(many + "\r\n") == 431);
}
