#include <chrono>
#include <string>

#include <catch2/catch.hpp>
#include <simdjson.h>

#include <aev/credential_mask_json.hpp>

namespace aev::credentials {
namespace {

std::string masked(std::string_view text) {
  std::string out;
  mask_text(text, out);
  return out;
}

std::string masked_json(const std::string& json) {
  simdjson::ondemand::parser parser;
  const simdjson::padded_string padded(json);
  auto document = parser.iterate(padded);
  std::string scratch;
  std::string out;
  append_masked(document.get_value(), false, scratch, out);
  return out;
}

// Put together from halves, so that no scanner takes this file for a leak.
const std::string kAws = std::string("AKIA") + "IOSFODNN7EXAMPLE";
const std::string kGithub = std::string("ghp_") + "1234567890abcdefghijABCDEFGHIJklmnop";
const std::string kSlack = std::string("xoxb-") + "123456789012-abcdefABCDEF123456";
const std::string kStripe = std::string("sk_live_") + "4eC39HqLyjWDarjtT1zdp7dc";
const std::string kJwt = std::string("eyJhbGciOiJIUzI1NiJ9.") +
                         "eyJzdWIiOiIxMjM0NTY3ODkwIn0.dozjgNryP4J3jVmNHl0w5N_XgL0n3I9PlFUP0THsR8U";
const std::string kPem =
    std::string("-----BEGIN RSA PRIVATE ") +
    "KEY-----\nMIIBOgIBAAJBAKj34GkxFhD90vcNLYLInFEX6Ppy1tPf9Cnzj4p4WGeKLs1Pt8Q\n"
    "-----END RSA PRIVATE KEY-----";

TEST_CASE("well-known credentials are masked wherever they stand", "[mask]") {
  for (const std::string& secret :
       {kAws, kGithub, kSlack, kStripe, kJwt, kPem,
        std::string("github_pat_") + "11ABCDEFG0abcdefghijkl_mnopqrstuvwxyz0123456789",
        std::string("glpat-") + "ABCDEF1234567890abcd",
        std::string("AIza") + "SyA1234567890abcdefghijklmnopqrstuvw",
        std::string("sk-ant-") + "api03-abcdefGHIJKL0123456789",
        std::string("sk-") + "proj-abcdef0123456789ABCDEF",
        std::string("npm_") + "abcdefghijklmnopqrstuvwxyz0123456789",
        std::string("hf_") + "abcdefghijklmnopqrstuvwxyz0123456789",
        std::string("SG.") + "abcdefghijklmnopqrstuv.ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789",
        std::string("whsec_") + "MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw",
        std::string("pypi-") + "AgEIcHlwaS5vcmcCJDAxMjM0NTY3ODkwMTIzNDU2Nzg5"}) {
    for (const std::string& text :
         {secret, "before " + secret + " after", "(" + secret + ")", "a=" + secret + ";"}) {
      const std::string out = masked(text);
      INFO(text << " -> " << out);
      CHECK(out.find("[masked:") != std::string::npos);
      CHECK(out.find(secret.substr(secret.size() / 2)) == std::string::npos);
      CHECK(masked(out) == out);
    }
  }
  CHECK(masked("use " + kAws + " now").starts_with("use AKIA[masked:"));
  CHECK(masked("use " + kAws + " now").ends_with("] now"));
}

TEST_CASE("the same credential has the same tag, another one another", "[mask]") {
  CHECK(masked(kGithub) == masked("x " + kGithub).substr(2));
  CHECK(masked(kGithub) != masked(std::string("ghp_") + "1234567890abcdefghijABCDEFGHIJklmnoq"));
}

TEST_CASE("headers, URLs and assignments are masked", "[mask]") {
  CHECK(masked("Authorization: Bearer abcdef123456") == "Authorization: Bearer [masked]");
  CHECK(masked("bearer abcDEF123456789") == "bearer [masked]");
  CHECK(masked("Basic dXNlcjpwYXNz") == "Basic [masked]");
  CHECK(masked("postgres://bob:hunter2@db/x") == "postgres://bob:[masked]@db/x");
  CHECK(masked("https://a:b@c@host/p?x=1") == "https://a:[masked]@host/p?x=1");
  CHECK(masked("?user=a&password=hunter2&b=1") == "?user=a&password=[masked]&b=1");
  CHECK(masked("api_key: 'abc' and more") == "api_key: '[masked]' and more");
  CHECK(masked(R"({"password": "x y"})").find("[masked]") != std::string::npos);
}

TEST_CASE("ordinary texts stay", "[mask]") {
  for (const std::string text :
       {"", "the bearer of bad news", "basic authentication is required",
        "e83c5163316f89bfbde7d9ab23ca2e25604af290", "550e8400-e29b-41d4-a716-446655440000",
        "https://example.com:8080/a@b", "token_delta", "5 tokens: fine", "eyJ.not.a.jwt",
        "sk-learn", "AKIA is a prefix",
        "-----BEGIN CERTIFICATE-----\nMII\n-----END CERTIFICATE-----", "password",
        "a secret meeting", "caf\xc3\xa9 10.0.0.1"}) {
    INFO(text);
    CHECK(masked(text) == text);
  }
}

TEST_CASE("names tell secrets by their end", "[mask]") {
  for (const char* name : {"password",
                           "userPassword",
                           "DB_PASSWORD",
                           "passwd",
                           "pwd",
                           "client_secret",
                           "api_key",
                           "apiKey",
                           "X-Api-Key",
                           "access_token",
                           "Authorization",
                           "private_key",
                           "aws_secret_access_key",
                           "cookie",
                           "set-cookie",
                           "credentials",
                           "password1",
                           "token2",
                           "secret_value",
                           "password_hash",
                           "session_id",
                           "passphrase"}) {
    INFO(name);
    CHECK(names_a_secret(name));
  }
  for (const char* name :
       {"", "user_id", "reason", "ip_address", "token_count", "secret_type", "max_tokens", "key",
        "keyboard", "passenger", "author", "monkey", "compass", "hash", "value"}) {
    INFO(name);
    CHECK_FALSE(names_a_secret(name));
  }
}

TEST_CASE("JSON is masked by name and by content, and stays JSON", "[mask]") {
  CHECK(
      masked_json(R"({ "password" : "x", "n": 1.50, "deep":{"token":{"a":[1,"b",null,true]}} })") ==
      R"({"password":"[masked]","n":1.50,"deep":{"token":{"a":["[masked]","[masked]",null,true]}}})");
  CHECK(masked_json(R"(["\u0041KIAIOSFODNN7EXAMPLE", "\"quoted\"\n"])")
            .starts_with(R"(["AKIA[masked:)"));
  CHECK(masked_json(R"(["\"quoted\"\n\u0001"])") == R"(["\"quoted\"\n\u0001"])");
  CHECK(masked_json("{\"" + kGithub + "\":{}}").find(kGithub) == std::string::npos);
  CHECK(masked_json("[]") == "[]");
  CHECK(masked_json(R"({"a":[],"b":{}})") == R"({"a":[],"b":{}})");
  std::string deep(300, '[');
  deep += std::string(300, ']');
  CHECK_THROWS(masked_json(deep));
}

TEST_CASE("masking takes time in proportion to the text", "[mask]") {
  // For each kind of look-ahead, texts that begin it again and again.
  for (const std::string piece :
       {"bearer ", "Bearer a.", "://a:", "eyJabcde.", "password=", "secret: ", "-----BEGIN ",
        "-----BEGIN PRIVATE KEY-----", "ghp_", "AKIA", "a:b@://", "SG.", "-", "\"password\""}) {
    const auto took = [&](std::size_t bytes) {
      std::string text;
      while (text.size() < bytes) {
        text += piece;
      }
      const auto begin = std::chrono::steady_clock::now();
      const std::string out = masked(text);
      static_cast<void>(out);
      return std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
    };
    INFO(piece);
    took(1u << 16);
    // Quadratic work would take hours for this.
    CHECK(took(8u << 20) < 20);
  }
}

}  // namespace
}  // namespace aev::credentials
