#include "app/front_door.h"

namespace aev::app {
namespace {

constexpr std::string_view kEventsPath = "/v1/events";
constexpr std::string_view kReportsPath = "/v1/security/";

void refuse(http::Exchange& exchange, http::Authenticator::Verdict verdict) {
  if (verdict == http::Authenticator::Verdict::kWrongScope) {
    exchange.respond(http::problem_response(
        403, "Forbidden", "this token lacks the scope that the call needs (api.auth.tokens)"));
    return;
  }
  auto response = http::problem_response(
      401, "Unauthorized",
      verdict == http::Authenticator::Verdict::kNoToken
          ? "send `Authorization: Bearer <token>` with a token of api.auth.tokens"
          : "this token is not one of api.auth.tokens");
  response.headers["WWW-Authenticate"] = "Bearer realm=\"aragora-events\"";
  exchange.respond(response);
}

}  // namespace

void FrontDoor::handle(http::Exchange& exchange) {
  const std::string_view path = exchange.path();
  const std::string_view method = exchange.method();
  const bool ingest = (path == kEventsPath && method == "POST") || path.starts_with(kReportsPath);
  // Asking whether data fits a schema changes nothing, though it is a POST.
  const bool reads =
      method == "GET" || method == "HEAD" || (method == "POST" && path.starts_with("/v1/schemas/"));
  const bool health = path.starts_with("/health/");
  if (!health) {
    const http::Access wanted = ingest  ? http::Access::kIngest
                                : reads ? http::Access::kRead
                                        : http::Access::kAdmin;
    const auto verdict = tokens_()->check(exchange.header("Authorization"), wanted);
    if (verdict != http::Authenticator::Verdict::kAllowed) {
      refuse(exchange, verdict);
      return;
    }
  }
  (ingest ? ingest_ : admin_).handle(exchange);
}

}  // namespace aev::app
