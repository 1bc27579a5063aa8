#include <catch2/catch.hpp>

#include "access.h"
#include "address_limits.h"
#include "options.h"
#include "upgrade_request.h"

using namespace aev::websocket;

namespace {

constexpr std::int64_t kNow = 1'772'366'400;

std::string signed_token(const std::string& debate,
                         std::int64_t expires,
                         const std::string& secret) {
  const std::string text = debate + ":" + std::to_string(expires);
  return text + ":" + hmac_hex(secret, text);
}

UpgradeRequest target(std::string_view text) {
  RequestFault fault;
  const auto request = parse_target(text, fault);
  INFO(fault.message);
  REQUIRE(request);
  return *request;
}

unsigned status_of(std::string_view text) {
  RequestFault fault;
  CHECK_FALSE(parse_target(text, fault));
  return fault.status;
}

/// The JSON Pointer and text of what is wrong with a configuration.
std::pair<std::string, std::string> wrong(const std::string& config) {
  try {
    static_cast<void>(parse_options(config));
  } catch (const aev::sdk::ConfigError& fault) {
    return {fault.path(), fault.what()};
  }
  FAIL("taken: " << config);
  return {};
}

}  // namespace

TEST_CASE("configured tokens give what they are configured for", "[websocket]") {
  AccessRules rules;
  rules.tokens = {{"all", "token-all", {}}, {"some", "token-some", {"d1", "open-*"}}};
  const auto all = check_token(rules, "token-all", kNow);
  REQUIRE(all);
  CHECK(all->allows("anything"));
  const auto some = check_token(rules, "token-some", kNow);
  REQUIRE(some);
  CHECK(some->allows("d1"));
  CHECK(some->allows("open-7"));
  CHECK_FALSE(some->allows("d2"));
  CHECK_FALSE(check_token(rules, "token-som", kNow));
  CHECK_FALSE(check_token(rules, "token-some1", kNow));
  CHECK_FALSE(check_token(rules, "", kNow));
}

TEST_CASE("Aragora's signed tokens are checked in full", "[websocket]") {
  AccessRules rules;
  rules.signing_secret = "k";
  const auto good = check_token(rules, signed_token("d:1", kNow + 1, "k"), kNow);
  REQUIRE(good);
  CHECK(good->allows("d:1"));
  CHECK_FALSE(good->allows("d"));
  CHECK(good->expires_s == kNow + 1);
  CHECK(check_token(rules, signed_token("", kNow + 1, "k"), kNow)->allows("any"));
  CHECK_FALSE(check_token(rules, signed_token("d", kNow, "k"), kNow));
  CHECK_FALSE(check_token(rules, signed_token("d", kNow + 1, "other"), kNow));
  std::string token = signed_token("d", kNow + 1, "k");
  token[0] = 'e';
  CHECK_FALSE(check_token(rules, token, kNow));
  CHECK_FALSE(check_token(rules, std::string(66, ':'), kNow));
  CHECK_FALSE(check_token(rules, "d:nan:" + hmac_hex("k", "d:nan"), kNow));
  // RFC 4231, test case 2.
  CHECK(hmac_hex("Jefe", "what do ya want for nothing?") ==
        "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843");
}

TEST_CASE("pages connect from where they may", "[websocket]") {
  CHECK(origin_allowed({}, "", "h:1"));
  CHECK(origin_allowed({}, "https://h:1", "h:1"));
  CHECK(origin_allowed({}, "http://localhost:3000", "h:1"));
  CHECK(origin_allowed({}, "http://[::1]:3000", "h:1"));
  CHECK_FALSE(origin_allowed({}, "https://h", "h:1"));
  CHECK_FALSE(origin_allowed({}, "https://localhost.evil.test", "h:1"));
  CHECK_FALSE(origin_allowed({}, "null", "h:1"));
  CHECK(origin_allowed({"https://*.example.org"}, "https://a.example.org", "h:1"));
  CHECK_FALSE(origin_allowed({"https://*.example.org"}, "https://h:1", "h:1"));
  CHECK(origin_allowed({"*"}, "null", "h:1"));
}

TEST_CASE("the path and the query say what a client wants", "[websocket]") {
  const UpgradeRequest stream = target(
      "/ws/debates/a%2Fb%20c/"
      "stream?replay_from_seq=7&event_types=vote,x*&format=array&token=a%3Ab");
  CHECK(stream.stream);
  CHECK(stream.debate_id == "a/b c");
  CHECK(stream.replay_from == 7u);
  CHECK(stream.event_types == std::vector<std::string>{"vote", "x*"});
  CHECK(stream.format == FrameFormat::kArray);
  CHECK(stream.query_token == "a:b");
  CHECK_FALSE(stream.sync);
  const UpgradeRequest plain = target("/ws?debate_id=d1&utm=x");
  CHECK_FALSE(plain.stream);
  CHECK(plain.debate_id == "d1");
  CHECK(plain.sync);
  CHECK(target("/").debate_id.empty());
  CHECK(status_of("/wss") == 404);
  CHECK(status_of("/ws/debates//stream") == 404);
  CHECK(status_of("/ws/debates/a/b/stream") == 400);
  CHECK(status_of("/ws/debates/%zz/stream") == 400);
  CHECK(status_of("/ws/debates/%00/stream") == 400);
  CHECK(status_of("/ws?replay_from_seq=1x") == 400);
  CHECK(status_of("/ws?format=xml") == 400);
  CHECK(status_of("/ws?debate_id=") == 400);
}

TEST_CASE("a token may come as a subprotocol", "[websocket]") {
  const OfferedProtocols offered = parse_protocols("aragora-v1, access_token.d%3A1");
  CHECK(offered.aragora);
  CHECK(offered.token == "d:1");
  CHECK(parse_protocols("access_token.100%").token == "100%");
  CHECK_FALSE(parse_protocols("chat").aragora);
  CHECK(parse_bearer("Bearer  abc") == "abc");
  CHECK(parse_bearer("bEaReR abc") == "abc");
  CHECK(parse_bearer("Basic abc").empty());
}

TEST_CASE("an address has so many connections and so many handshakes a minute", "[websocket]") {
  using Verdict = AddressLimits::Verdict;
  const MonoTime start{std::chrono::hours(1)};
  AddressLimits limits(2, 4);
  CHECK(limits.enter("a", start) == Verdict::kAdmitted);
  CHECK(limits.enter("a", start) == Verdict::kAdmitted);
  CHECK(limits.enter("a", start) == Verdict::kTooMany);
  CHECK(limits.enter("b", start) == Verdict::kAdmitted);
  limits.leave("a");
  CHECK(limits.enter("a", start) == Verdict::kAdmitted);
  limits.leave("a");
  CHECK(limits.enter("a", start) == Verdict::kTooFast);
  CHECK(limits.enter("a", start + std::chrono::seconds(16)) == Verdict::kAdmitted);
  limits.leave("a");
  limits.leave("a");
  limits.sweep(start + std::chrono::hours(1));
  CHECK(limits.enter("a", start + std::chrono::hours(1)) == Verdict::kAdmitted);
}

TEST_CASE("addresses are counted by what a peer really owns", "[websocket]") {
  CHECK(counted_address("10.1.2.3") == "10.1.2.3");
  CHECK(counted_address("::ffff:10.1.2.3") == "10.1.2.3");
  CHECK(counted_address("2001:db8:1:2:3:4:5:6") == "2001:db8:1:2::/64");
  std::vector<Network> trusted;
  trusted.emplace_back("10.0.0.0/8");
  trusted.emplace_back("::1");
  CHECK(client_address(trusted, "10.0.0.1", "1.1.1.1, 2.2.2.2, 10.9.9.9") == "2.2.2.2");
  CHECK(client_address(trusted, "::1", "3.3.3.3") == "3.3.3.3");
  CHECK(client_address(trusted, "9.9.9.9", "1.1.1.1") == "9.9.9.9");
  CHECK(client_address(trusted, "10.0.0.1", "nonsense") == "10.0.0.1");
  CHECK(client_address(trusted, "10.0.0.1", "") == "10.0.0.1");
  CHECK_THROWS(Network("10.0.0.0/33"));
  CHECK_THROWS(Network("example.org"));
}

TEST_CASE("a configuration has defaults and tells where it is wrong", "[websocket]") {
  const Options defaults = parse_options("{}");
  CHECK(defaults.listen.host == "127.0.0.1");
  CHECK(defaults.listen.port == 8765);
  CHECK_FALSE(defaults.access.required);
  CHECK(parse_options(R"({"listen":"[::1]:0"})").listen.loopback);
  CHECK(parse_options(R"({"listen":"0.0.0.0:1","auth":{"required":false}})").listen.port == 1);
  CHECK(parse_options(R"({"auth":{"signing_secret":"s"}})").access.required);
  CHECK(wrong(R"({"listen":"example.org:80"})").first == "/listen");
  CHECK(wrong(R"({"listen":"::1:80"})").second.find("brackets") != std::string::npos);
  CHECK(wrong(R"({"listen":"127.0.0.1:70000"})").first == "/listen");
  CHECK(wrong(R"({"listen":"0.0.0.0:1"})").second.find("auth") != std::string::npos);
  CHECK(wrong(R"({"auth":{"required":true}})").first == "/auth/required");
  CHECK(
      wrong(
          R"({"auth":{"tokens":[{"name":"a","token":"12345678"},{"name":"b","token":"12345678"}]}})")
          .first == "/auth/tokens/1/token");
  CHECK(wrong(R"({"timeouts":{"send":"0s"}})").first == "/timeouts/send");
  CHECK(wrong(R"({"send_queue":{"bytes":"1KiB"}})").first == "/send_queue/bytes");
  CHECK(wrong(R"({"trusted_proxies":["10.0.0.0/8","x"]})").first == "/trusted_proxies/1");
}
