#include "http/authenticator.h"

#include <catch2/catch.hpp>

using aev::http::Access;
using aev::http::Authenticator;
using aev::http::Token;
using Verdict = aev::http::Authenticator::Verdict;

namespace {

std::vector<Token> tokens() {
  return {Token{"ci", "abc", static_cast<std::uint8_t>(Access::kIngest)},
          Token{"ops", "longer-secret", static_cast<std::uint8_t>(Access::kAdmin)}};
}

}  // namespace

TEST_CASE("without tokens everything is open", "[http]") {
  CHECK(Authenticator({}).check("", Access::kAdmin) == Verdict::kAllowed);
}

TEST_CASE("a token opens its own scopes only", "[http]") {
  const Authenticator authenticator(tokens());
  CHECK(authenticator.check("Bearer abc", Access::kIngest) == Verdict::kAllowed);
  CHECK(authenticator.check("Bearer abc", Access::kRead) == Verdict::kWrongScope);
  CHECK(authenticator.check("Bearer abc", Access::kAdmin) == Verdict::kWrongScope);
}

TEST_CASE("admin includes read but not ingest", "[http]") {
  const Authenticator authenticator(tokens());
  CHECK(authenticator.check("Bearer longer-secret", Access::kAdmin) == Verdict::kAllowed);
  CHECK(authenticator.check("Bearer longer-secret", Access::kRead) == Verdict::kAllowed);
  CHECK(authenticator.check("Bearer longer-secret", Access::kIngest) == Verdict::kWrongScope);
}

TEST_CASE("the scheme is case-insensitive, the token is not", "[http]") {
  const Authenticator authenticator(tokens());
  CHECK(authenticator.check("bEARER   abc", Access::kIngest) == Verdict::kAllowed);
  CHECK(authenticator.check("Bearer ABC", Access::kIngest) == Verdict::kUnknownToken);
}

TEST_CASE("an absent, foreign or empty credential is no token", "[http]") {
  const Authenticator authenticator(tokens());
  for (const char* header : {"", "Bearer", "Bearer ", "Basic YWJj", "abc"}) {
    CAPTURE(header);
    CHECK(authenticator.check(header, Access::kIngest) == Verdict::kNoToken);
  }
  CHECK(authenticator.check("Bearer ab", Access::kIngest) == Verdict::kUnknownToken);
  CHECK(authenticator.check("Bearer abcd", Access::kIngest) == Verdict::kUnknownToken);
}
