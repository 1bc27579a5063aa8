#include "admission.h"

namespace aev::websocket {
namespace {

Refusal by_http(unsigned status, std::string message) {
  return {status, CloseCode::kNormal, std::move(message)};
}

std::optional<Refusal> check_address(const HandshakeHead& head,
                                     ConnectionSurroundings& surroundings,
                                     MonoTime now,
                                     Admission& out) {
  const std::string address = counted_address(
      client_address(surroundings.options.trusted_proxies, head.peer, head.forwarded_for));
  switch (surroundings.addresses.enter(address, now)) {
    case AddressLimits::Verdict::kTooMany:
      ++surroundings.refusals.address;
      return Refusal{429, CloseCode::kTooManyRequests, "too many connections from this address"};
    case AddressLimits::Verdict::kTooFast:
      ++surroundings.refusals.address;
      return Refusal{429, CloseCode::kTooManyRequests, "too many handshakes from this address"};
    case AddressLimits::Verdict::kAdmitted:
      break;
  }
  out.counted_address = address;
  return std::nullopt;
}

std::optional<Refusal> check_access(const HandshakeHead& head,
                                    const OfferedProtocols& offered,
                                    ConnectionSurroundings& surroundings,
                                    std::int64_t now_s,
                                    Admission& out) {
  const AccessRules& rules = surroundings.options.access;
  const auto unauthorized = [&](std::string why) {
    ++surroundings.refusals.auth;
    return Refusal{401, CloseCode::kUnauthorized, std::move(why)};
  };
  std::string token(parse_bearer(head.authorization));
  if (token.empty()) {
    token = offered.token;
  }
  if (token.empty() && !out.request.query_token.empty()) {
    if (!rules.query_token) {
      return unauthorized("a token in the query string is not accepted here");
    }
    token = out.request.query_token;
  }
  const bool known_kinds = !rules.tokens.empty() || !rules.signing_secret.empty();
  if (token.empty() || !known_kinds) {
    return rules.required ? std::optional(unauthorized("a token is needed")) : std::nullopt;
  }
  auto grant = check_token(rules, token, now_s);
  if (!grant) {
    return unauthorized("the token is not valid, or has expired");
  }
  out.grant = std::move(*grant);
  return std::nullopt;
}

}  // namespace

Admission admit(const HandshakeHead& head,
                ConnectionSurroundings& surroundings,
                MonoTime now,
                std::int64_t now_s) {
  Admission out;
  if (!head.upgrade) {
    ++surroundings.refusals.bad_request;
    out.refusal = by_http(426, "this is a WebSocket endpoint: upgrade, with version 13");
    return out;
  }
  RequestFault fault;
  auto request = parse_target(head.target, fault);
  if (!request) {
    ++surroundings.refusals.bad_request;
    out.refusal = by_http(fault.status, fault.message);
    return out;
  }
  out.request = std::move(*request);
  if (!origin_allowed(surroundings.options.allowed_origins, head.origin, head.host)) {
    ++surroundings.refusals.origin;
    out.refusal = by_http(403, "pages of this origin may not connect");
    return out;
  }
  const OfferedProtocols offered = parse_protocols(head.protocols);
  out.aragora_protocol = offered.aragora;
  if ((out.refusal = check_address(head, surroundings, now, out))) {
    return out;
  }
  if (surroundings.hub.open_clients() >= surroundings.options.limits.clients) {
    ++surroundings.refusals.full;
    out.refusal = by_http(503, "no room for another client now");
    return out;
  }
  if ((out.refusal = check_access(head, offered, surroundings, now_s, out))) {
    return out;
  }
  if (!out.request.debate_id.empty() && !out.grant.allows(out.request.debate_id)) {
    ++surroundings.refusals.debate;
    out.refusal = Refusal{403, CloseCode::kForbidden, "the token does not allow this debate"};
  }
  return out;
}

}  // namespace aev::websocket
