#pragma once

#include <functional>
#include <memory>

#include <catch2/catch.hpp>

#include "core/clock.h"
#include "core/log.h"
#include "core/metrics.h"
#include "http/server.h"
#include "socket_client.h"

namespace aev::http::testing {

/// Serves whatever function the test gives.
class FunctionHandler final : public Handler {
 public:
  explicit FunctionHandler(std::function<void(Exchange&)> serve) : serve_(std::move(serve)) {}

  void handle(Exchange& exchange) override { serve_(exchange); }

 private:
  std::function<void(Exchange&)> serve_;
};

/// A running server on a free port. Its clock stands still unless the test moves it.
struct RunningServer {
  explicit RunningServer(std::function<void(Exchange&)> serve, ServerOptions options = {})
      : handler(std::move(serve)) {
    auto started = Server::start(options, handler, clock, metrics, Logger(log, "http"));
    REQUIRE(started.ok());
    server = std::move(*started);
  }

  [[nodiscard]] std::uint16_t port() const { return server->port(); }

  Log log{2, LogLevel::kError};
  Metrics metrics;
  ManualClock clock;
  FunctionHandler handler;
  std::unique_ptr<Server> server;
};

/// Answers 200 with the body it got, or the problem.
inline void echo(Exchange& exchange) {
  auto body = exchange.read_body(1u << 20);
  if (!body) {
    exchange.respond(problem_response(body.error()));
    return;
  }
  exchange.respond(200, "text/plain", *body);
}

}  // namespace aev::http::testing
