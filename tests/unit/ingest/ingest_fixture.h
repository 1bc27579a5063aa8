#pragma once

#include <algorithm>
#include <cstring>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include <catch2/catch.hpp>

#include "fake_store.h"
#include "http/request_head.h"
#include "ingest/ingest_handler.h"

namespace aev::ingest::testing {

/// A request without a network. The body is given in pieces of `piece` bytes.
class FakeExchange final : public http::Exchange {
 public:
  FakeExchange(std::string content_type, std::string body) : body_(std::move(body)) {
    if (!content_type.empty()) {
      headers.emplace_back("Content-Type", std::move(content_type));
    }
    size_ = body_.size();
    body_.append(http::kBodyPadding, '\0');
  }

  std::string method_name = "POST";
  std::string path_text = "/v1/events";
  std::string query_text;
  std::vector<std::pair<std::string, std::string>> headers;
  std::size_t piece = 1u << 20;
  bool breaks_off = false;  ///< the peer goes away at the end of `body`
  http::Response response;
  int responses = 0;

  [[nodiscard]] std::string_view method() const override { return method_name; }

  [[nodiscard]] std::string_view path() const override { return path_text; }

  [[nodiscard]] std::string_view query() const override { return query_text; }

  [[nodiscard]] std::string_view header(std::string_view name) const override {
    for (const auto& [each, value] : headers) {
      if (http::same_name(each, name)) {
        return value;
      }
    }
    return {};
  }

  void each_header(HeaderVisitor visit, void* context) const override {
    for (const auto& [name, value] : headers) {
      visit(context, name, value);
    }
  }

  Result<std::size_t> read(char* into, std::size_t capacity) override {
    const std::size_t count = std::min({capacity, piece, size_ - at_});
    if (count == 0 && breaks_off) {
      return Error{ErrorCode::kIo, "the request's body ended early", {}};
    }
    std::memcpy(into, body_.data() + at_, count);
    at_ += count;
    return count;
  }

  Result<std::string_view> read_body(std::size_t limit) override {
    if (breaks_off) {
      return Error{ErrorCode::kIo, "the request's body ended early", {}};
    }
    if (size_ > limit) {
      return Error{ErrorCode::kTooLarge, "the request's body is too large", {}};
    }
    return std::string_view(body_.data(), size_);
  }

  [[nodiscard]] std::optional<std::uint64_t> content_length() const override { return size_; }

  void respond(const http::Response& answer) override {
    response = answer;
    ++responses;
  }

  void respond(int status, std::string_view content_type, std::string_view body) override {
    response = {};
    response.status = status;
    response.content_type = content_type;
    response.body = body;
    ++responses;
  }

 private:
  std::string body_;
  std::size_t size_ = 0;
  std::size_t at_ = 0;
};

/// Routes every event whose type begins with "routed" to subscriber 7, the rest to nobody.
class FakeRouter final : public routing::Router {
 public:
  [[nodiscard]] routing::Match route(const events::Event& event) const override {
    const bool routed = event.event_type().starts_with("routed");
    return {routed ? some_ : none_, !routed};
  }

  [[nodiscard]] std::vector<std::string> matching_routes(const events::Event&) const override {
    return {};
  }

 private:
  events::Targets some_ = events::TargetSet::create({7});
  events::Targets none_ = events::TargetSet::create({});
};

constexpr std::int64_t kNow = 1'700'000'000'000'000'000;

/// An ingest handler over a fake store.
struct Ingest {
  explicit Ingest(IngestLimits limits = {})
      : handler(IngestParts{store, [this] { return router; }, clock, metrics, Logger(log, "ingest"),
                            [limits] { return limits; }}) {}

  http::Response post(const std::string& type, std::string body, const std::string& query = {}) {
    FakeExchange exchange(type, std::move(body));
    exchange.query_text = query;
    return serve(exchange);
  }

  http::Response json(std::string body, const std::string& query = {}) {
    return post("application/json", std::move(body), query);
  }

  http::Response serve(FakeExchange& exchange) {
    handler.handle(exchange);
    REQUIRE(exchange.responses == 1);
    return exchange.response;
  }

  /// Posts one event, expects 202, gives the event.
  events::EventRef take(const std::string& type, std::string body) {
    const auto before = store.stored.size();
    const auto response = post(type, std::move(body));
    INFO(response.body);
    REQUIRE(response.status == 202);
    REQUIRE(store.stored.size() == before + 1);
    return store.stored.back().event;
  }

  Log log{2, LogLevel::kError};
  Metrics metrics;
  ManualClock clock{kNow};
  FakeStore store;
  std::shared_ptr<const routing::Router> router = std::make_shared<FakeRouter>();
  IngestHandler handler;
};

inline bool contains(std::string_view text, std::string_view part) {
  return text.find(part) != std::string_view::npos;
}

}  // namespace aev::ingest::testing
