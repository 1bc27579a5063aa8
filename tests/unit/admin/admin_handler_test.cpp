#include "admin/admin_handler.h"

#include <catch2/catch.hpp>

#include "fakes.h"

using namespace aev;
using namespace aev::admin::testing;

namespace {

/// A request whose body is held whole.
class FakeExchange final : public http::Exchange {
 public:
  FakeExchange(std::string method, std::string path, std::string query = {}, std::string body = {})
      : method_(std::move(method)),
        path_(std::move(path)),
        query_(std::move(query)),
        body_(std::move(body)) {}

  http::Response response;
  bool broken = false;

  [[nodiscard]] std::string_view method() const override { return method_; }

  [[nodiscard]] std::string_view path() const override { return path_; }

  [[nodiscard]] std::string_view query() const override { return query_; }

  [[nodiscard]] std::string_view header(std::string_view) const override { return {}; }

  void each_header(HeaderVisitor, void*) const override {}

  Result<std::size_t> read(char*, std::size_t) override { return std::size_t{0}; }

  Result<std::string_view> read_body(std::size_t limit) override {
    if (broken) {
      return Error{ErrorCode::kIo, "the request's body ended early", {}};
    }
    if (body_.size() > limit) {
      return Error{ErrorCode::kTooLarge, "the request's body is too large", {}};
    }
    return std::string_view(body_);
  }

  [[nodiscard]] std::optional<std::uint64_t> content_length() const override {
    return body_.size();
  }

  void respond(const http::Response& answer) override { response = answer; }

  void respond(int status, std::string_view, std::string_view body) override {
    response.status = status;
    response.body = body;
  }

 private:
  std::string method_;
  std::string path_;
  std::string query_;
  std::string body_;
};

Result<admin::ApiRequest> read(std::string_view method,
                               std::string_view path,
                               std::string_view query = {},
                               std::string_view body = {}) {
  AEV_ASSIGN(auto request, admin::parse_request(method, path, query));
  AEV_RETURN_IF_ERROR(admin::merge_body(body, request));
  return request;
}

}  // namespace

TEST_CASE("path segments are decoded one by one", "[admin]") {
  const auto request = read("GET", "/v1//events/a%2Fb%20c+d/");
  REQUIRE(request.ok());
  CHECK(request->path == std::vector<std::string>{"v1", "events", "a/b c+d"});
  CHECK(read("GET", "/")->path.empty());
}

TEST_CASE("the query is decoded", "[admin]") {
  const auto request = read("GET", "/", "a=1&b=x+y%26z&empty=&flag&&%C3%A9=%e2%82%ac");
  REQUIRE(request.ok());
  CHECK(request->query ==
        std::map<std::string, std::string>{
            {"a", "1"}, {"b", "x y&z"}, {"empty", ""}, {"flag", ""}, {"\xC3\xA9", "\xE2\x82\xAC"}});
}

TEST_CASE("what cannot be decoded or stands twice is refused", "[admin]") {
  CHECK_FALSE(read("GET", "/%zz").ok());
  CHECK_FALSE(read("GET", "/a%2").ok());
  CHECK_FALSE(read("GET", "/%ff").ok());
  CHECK_FALSE(read("GET", "/", "a=%").ok());
  const auto twice = read("GET", "/", "a=1&a=2");
  REQUIRE_FALSE(twice.ok());
  CHECK(twice.error().pointer == "/a");
  CHECK_FALSE(read("POST", "/", "a=1", R"({"a":2})").ok());
}

TEST_CASE("members of a JSON body are merged into the query", "[admin]") {
  const auto request = read(
      "POST", "/v1/replays", "rate=5",
      R"({"subscriber":"a\u00e9","limit":100,"half":0.5,"big":9007199254740993,"on":true,"none":null,)"
      R"("match":{"event_type":[{"prefix":"a"}],"data":{"n":[1]}},"list":[1,"b"]})");
  REQUIRE(request.ok());
  CHECK(request->query.at("rate") == "5");
  CHECK(request->query.at("subscriber") == "a\xC3\xA9");
  CHECK(request->query.at("limit") == "100");
  CHECK(request->query.at("half") == "0.5");
  CHECK(request->query.at("big") == "9007199254740993");
  CHECK(request->query.at("on") == "true");
  CHECK(request->query.count("none") == 0);
  CHECK(contains(request->query.at("match"), R"("event_type":[{"prefix":"a"}])"));
  CHECK(contains(request->query.at("match"), R"("data":{"n":[1]})"));
  CHECK(request->query.at("list") == R"([1,"b"])");
}

TEST_CASE("a body that is no JSON object is refused", "[admin]") {
  for (const char* body :
       {"[1]", "5", "{", "nonsense", "{\"a\":}", "\"x\"", "{\"a\":1} x", "\xff"}) {
    CAPTURE(body);
    const auto request = read("POST", "/", {}, body);
    REQUIRE_FALSE(request.ok());
    CHECK(request.error().code == ErrorCode::kInvalid);
  }
  CHECK(read("POST", "/", {}, " \n").ok());
}

TEST_CASE("HEAD is read as GET", "[admin]") {
  CHECK(read("HEAD", "/metrics")->method == "GET");
}

TEST_CASE("the handler answers what the API answers", "[admin]") {
  Api api;
  admin::AdminHandler handler(api.api);
  FakeExchange live("GET", "/health/live");
  handler.handle(live);
  CHECK(live.response.status == 200);
  FakeExchange retry("POST", "/v1/dead-letters/retry", {},
                     R"({"subscriber":"customer","rate":"5/s"})");
  handler.handle(retry);
  CHECK(retry.response.status == 202);
  CHECK(api.dispatcher.retried.subscriber == "customer");
  CHECK(api.dispatcher.rate == 5);
}

TEST_CASE("a bad, large or broken body is a problem document", "[admin]") {
  Api api;
  admin::AdminHandler handler(api.api);
  FakeExchange bad("POST", "/v1/replays", {}, "{");
  handler.handle(bad);
  CHECK(bad.response.status == 400);
  CHECK(bad.response.content_type == "application/problem+json");
  FakeExchange large("POST", "/v1/replays", {}, std::string(admin::kMaxApiBodyBytes + 1, ' '));
  handler.handle(large);
  CHECK(large.response.status == 413);
  FakeExchange broken("POST", "/v1/replays");
  broken.broken = true;
  handler.handle(broken);
  CHECK(broken.response.status == 408);
}
