#include <limits>
#include <map>

#include <catch2/catch.hpp>

#include <aev/webhook_verify.hpp>

using aev::webhook::verify_webhook_request;
using Headers = std::vector<std::pair<std::string, std::string>>;

namespace {

constexpr auto kSecret1 = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
constexpr auto kBody1 = R"({"test": 2432232314})";
constexpr std::int64_t kTime1 = 1614265330;
constexpr auto kRight1 = "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=";
constexpr auto kPublic = "whpk_1SiA4o9hyqTCpIqC5V9HUakiiaeACeqfZTInDBbOir4=";
constexpr auto kPrivate =
    "whsk_6Xb/dCcHpPea21PS1N9VY/NZW723CEc77N4rJCubMbfVKIDij2HKpMKkioLlX0dRqSKJp4AJ6p9lMicMFs6Kvg==";
constexpr auto kRightAsymmetric =
    "v1a,hnO3f9T8Ytu9HwrXslvumlUpqtNVqkhqw/enGzPCXe5BdqzCInXqYXFymVJaA7AZdpXwVLPo3mNl8EM+m7TBAg==";

std::chrono::system_clock::time_point at(std::int64_t unix_seconds) {
  return std::chrono::system_clock::time_point(std::chrono::seconds(unix_seconds));
}

Headers standard(const std::string& signature, const std::string& time = "1614265330") {
  return {{"webhook-id", "msg_p5jXN8AQM9LWM0D4loKWxJek"},
          {"webhook-timestamp", time},
          {"webhook-signature", signature}};
}

std::string error_of(const Headers& headers,
                     std::string_view body,
                     std::string_view secret,
                     std::int64_t now = kTime1) {
  const auto result = verify_webhook_request(headers, body, secret, 300, at(now));
  CHECK(result.valid == result.error.empty());
  return result.error;
}

Headers aragora(const std::string& time, std::string_view body = "{}") {
  return {{"X-Aragora-Signature", aev::webhook::generate_signature(body, "s")},
          {"X-Aragora-Timestamp", time}};
}

}  // namespace

TEST_CASE("the right standard signature is valid", "[webhook][verify]") {
  CHECK(error_of(standard(kRight1), kBody1, kSecret1).empty());
  CHECK(error_of(standard(kRight1), kBody1, std::string(kSecret1).substr(6)).empty());
  CHECK(error_of(standard(std::string("v1,Ceo5qEr07ixe2NLpvHk3FH9bwy/WavXrAFQ/9tdO6mc= "
                                      "v2,Ceo5qEr07ixe2NLpvHk3FH9bwy/WavXrAFQ/9tdO6mc= ") +
                          kRight1 + " v1,Ceo5qEr07ixe2NLpvHk3FH9bwy/WavXrAFQ/9tdO6mc="),
                 kBody1, kSecret1)
            .empty());
  CHECK(error_of(standard(kRightAsymmetric), kBody1, kPublic).empty());
  CHECK(error_of(standard(kRightAsymmetric), kBody1, kPrivate).empty());
}

TEST_CASE("a wrong standard signature is not", "[webhook][verify]") {
  const std::string signature =
      GENERATE(as<std::string>(), "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OA=",
               "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLawdd",
               "v1,Ceo5qEr07ixe2NLpvHk3FH9bwy/WavXrAFQ/9tdO6mc=", "v1,dawfeoifkpqwoekfpqpoekf",
               "v1,", "v2,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=", "v1", ",", "\xff\xfe",
               "v1,\xc3\x9c", kRightAsymmetric);
  CHECK(error_of(standard(signature), kBody1, kSecret1) == "Invalid signature");
}

TEST_CASE("an ed25519 key takes only entries that are its own", "[webhook][verify]") {
  std::string other = kRightAsymmetric;
  other[10] = other[10] == 'A' ? 'B' : 'A';
  CHECK(error_of(standard(other), kBody1, kPublic) == "Invalid signature");
  CHECK(error_of(standard(kRight1), kBody1, kPublic) == "Invalid signature");
  CHECK(error_of(standard("v1a,AAAA"), kBody1, kPublic) == "Invalid signature");
  CHECK(error_of(aragora("1614265330"), "{}", kPublic) == "Invalid signature");
}

TEST_CASE("a second vector's wrong signature fails", "[webhook][verify]") {
  const Headers headers{{"webhook-id", "msg_27UH4WbU6Z5A5EzD8u03UvzRbpk"},
                        {"webhook-timestamp", "1649367553"},
                        {"webhook-signature", "v1,R3PTzyfHASBKHH98a7yexTwaJ4yNIcGhFQc1yuN+BPU="}};
  CHECK(error_of(headers, R"({"email":"test@example.com","username":"test_user"})",
                 "whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD", 1649367553) == "Invalid signature");
}

TEST_CASE("a standard timestamp may be 300 s off in both directions", "[webhook][verify]") {
  CHECK(error_of(standard(kRight1), kBody1, kSecret1, kTime1 + 300).empty());
  CHECK(error_of(standard(kRight1), kBody1, kSecret1, kTime1 - 300).empty());
  CHECK(error_of(standard(kRight1), kBody1, kSecret1, kTime1 + 301) ==
        "Timestamp validation failed: Timestamp too old (301s > 300s)");
  CHECK(error_of(standard(kRight1), kBody1, kSecret1, kTime1 - 301) ==
        "Timestamp validation failed: Timestamp is in the future");
}

TEST_CASE("a standard timestamp is made of digits", "[webhook][verify]") {
  const std::string time = GENERATE(as<std::string>(), "now", "161426533.0", "-1614265330", "nan",
                                    "+1614265330", "99999999999999999999", "1614265330x", "0x10");
  CHECK(error_of(standard(kRight1, time), kBody1, kSecret1) ==
        "Timestamp validation failed: Invalid timestamp format");
}

TEST_CASE("each standard header is needed", "[webhook][verify]") {
  Headers headers = standard(kRight1);
  SECTION("id") {
    headers.erase(headers.begin());
    CHECK(error_of(headers, kBody1, kSecret1) == "Missing id header");
  }
  SECTION("timestamp") {
    headers.erase(headers.begin() + 1);
    CHECK(error_of(headers, kBody1, kSecret1) == "Missing timestamp header");
  }
  SECTION("signature") {
    headers.pop_back();
    CHECK(error_of(headers, kBody1, kSecret1) == "Missing signature header");
  }
}

TEST_CASE("aragora deliveries verify", "[webhook][verify]") {
  CHECK(error_of(aragora("1614265330"), "{}", "s").empty());
  CHECK(error_of(aragora("1614265330.25"), "{}", "s").empty());
  CHECK(error_of(aragora("1614265030"), "{}", "s").empty());
  CHECK(error_of(aragora("1614265390"), "{}", "s").empty());
}

TEST_CASE("aragora's faults have aragora's words, in its order", "[webhook][verify]") {
  CHECK(error_of({}, "\xff", "") == "Secret key is required");
  CHECK(error_of({}, "\xff", "s") == "Missing signature header");
  CHECK(error_of({{"X-Aragora-Signature", ""}}, "\xff", "s") == "Missing signature header");
  CHECK(error_of({{"X-Aragora-Signature", "x"}}, "\xff", "s") == "Invalid payload encoding");
  CHECK(error_of({{"X-Aragora-Signature", "x"}}, "{}", "s") == "Missing timestamp header");
  CHECK(error_of(aragora("soon"), "{}", "s") ==
        "Timestamp validation failed: Invalid timestamp format");
  CHECK(error_of(aragora("1614265391"), "{}", "s") ==
        "Timestamp validation failed: Timestamp is in the future");
  CHECK(error_of(aragora("1614265029"), "{}", "s") ==
        "Timestamp validation failed: Timestamp too old (301s > 300s)");
  CHECK(error_of(aragora("1614265330", "[]"), "{}", "s") == "Invalid signature");
}

TEST_CASE("an aragora timestamp that is no finite number is refused", "[webhook][verify]") {
  const std::string time =
      GENERATE(as<std::string>(), "nan", "NaN", "-nan", "inf", "-inf", "infinity", "1e999", "0x10");
  CHECK(error_of(aragora(time), "{}", "s") ==
        "Timestamp validation failed: Invalid timestamp format");
}

TEST_CASE("extreme numbers neither overflow nor pass", "[webhook][verify]") {
  CHECK_FALSE(error_of(aragora("1e308"), "{}", "s").empty());
  CHECK_FALSE(error_of(aragora("-1e308"), "{}", "s").empty());
  CHECK_FALSE(error_of(standard(kRight1, "9223372036854775807"), kBody1, kSecret1).empty());
  CHECK(verify_webhook_request(aragora("0"), "{}", "s", std::numeric_limits<std::int64_t>::max(),
                               at(kTime1)));
  CHECK_FALSE(verify_webhook_request(aragora("1614265330"), "{}", "s", -1, at(kTime1)));
}

TEST_CASE("an aragora signature is compared exactly", "[webhook][verify]") {
  const std::string right = aev::webhook::generate_signature("{}", "s");
  CHECK(aev::webhook::verify_signature("{}", right, "s"));
  std::string upper = right;
  std::transform(upper.begin() + 7, upper.end(), upper.begin() + 7, [](char each) {
    return each >= 'a' && each <= 'f' ? static_cast<char>(each - 32) : each;
  });
  CHECK_FALSE(aev::webhook::verify_signature("{}", upper, "s"));
  CHECK_FALSE(aev::webhook::verify_signature("{}", "SHA256=" + right.substr(7), "s"));
  CHECK_FALSE(aev::webhook::verify_signature("{}", right.substr(7), "s"));
  CHECK_FALSE(aev::webhook::verify_signature("{}", right + " ", "s"));
  CHECK_FALSE(aev::webhook::verify_signature("{}", "sha256=\xc3\xa9", "s"));
  CHECK_FALSE(aev::webhook::verify_signature("{}", "", "s"));
  CHECK_FALSE(aev::webhook::verify_signature("{}", right, ""));
  CHECK_FALSE(aev::webhook::verify_signature("{} ", right, "s"));
}

TEST_CASE("a timestamped signature binds its time", "[webhook][verify]") {
  const std::vector<aev::webhook::Secret> keys{aev::webhook::parse_secret("new"),
                                               aev::webhook::parse_secret("old")};
  const auto headers =
      aev::webhook::signature_headers("aragora-timestamped", keys, "", kTime1, "{}");
  CHECK(error_of(headers, "{}", "new").empty());
  CHECK(error_of(headers, "{}", "old").empty());
  CHECK(error_of(headers, "{}", "older") == "Invalid signature");
  CHECK(error_of(headers, "[]", "new") == "Invalid signature");

  // A fresh X-Aragora-Timestamp does not rejuvenate an old signature, nor does a new t=.
  Headers stale = headers;
  stale[1].second = std::to_string(kTime1 + 1000);
  CHECK(error_of(stale, "{}", "new", kTime1 + 1000) ==
        "Timestamp validation failed: Timestamp too old (1000s > 300s)");
  stale[0].second.replace(2, 10, std::to_string(kTime1 + 1000));
  CHECK(error_of(stale, "{}", "new", kTime1 + 1000) == "Invalid signature");
}

TEST_CASE("malformed timestamped signatures are refused", "[webhook][verify]") {
  const std::string value = GENERATE(as<std::string>(), "t=", "t=,", "t=,v1=00", "t=1614265330",
                                     "t=1614265330,", "t=1614265330,v1=", "t=nan,v1=00", "t=\xff");
  CHECK_FALSE(error_of({{"X-Aragora-Signature", value}}, "{}", "s").empty());
}

TEST_CASE("names of headers have no case, and any container of pairs will do",
          "[webhook][verify]") {
  const std::map<std::string, std::string> headers{
      {"WEBHOOK-ID", "msg_p5jXN8AQM9LWM0D4loKWxJek"},
      {"Webhook-Timestamp", "1614265330"},
      {"wEBHOOK-sIGNATURE", kRight1},
  };
  CHECK(verify_webhook_request(headers, kBody1, kSecret1, 300, at(kTime1)));
  const std::vector<std::pair<std::string_view, const char*>> views{
      {"webhook-id", "msg_p5jXN8AQM9LWM0D4loKWxJek"},
      {"webhook-timestamp", "1614265330"},
      {"webhook-signature", kRight1},
  };
  CHECK(verify_webhook_request(views, kBody1, kSecret1, 300, at(kTime1)));
}

TEST_CASE("the standard signature decides when there are two", "[webhook][verify]") {
  Headers headers = aragora("1614265330", kBody1);
  headers[0].second = aev::webhook::generate_signature(kBody1, kSecret1);
  CHECK(error_of(headers, kBody1, kSecret1).empty());
  for (auto& header : standard("v1,AAAA")) {
    headers.push_back(header);
  }
  CHECK(error_of(headers, kBody1, kSecret1) == "Invalid signature");
}
