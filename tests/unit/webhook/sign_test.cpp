#include <catch2/catch.hpp>

#include <aev/webhook_sign.hpp>

using aev::webhook::parse_secret;
using aev::webhook::Secret;

namespace {

constexpr auto kSecret1 = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
constexpr auto kId1 = "msg_p5jXN8AQM9LWM0D4loKWxJek";
constexpr auto kTime1 = 1614265330;
constexpr auto kBody1 = R"({"test": 2432232314})";
constexpr auto kPrivate =
    "whsk_6Xb/dCcHpPea21PS1N9VY/NZW723CEc77N4rJCubMbfVKIDij2HKpMKkioLlX0dRqSKJp4AJ6p9lMicMFs6Kvg==";

std::string standard(const std::vector<Secret>& secrets,
                     std::string_view id,
                     std::int64_t time,
                     std::string_view body) {
  return aev::webhook::standard_signature(secrets, id, time, body);
}

}  // namespace

TEST_CASE("standard signatures match the published vectors", "[webhook][sign]") {
  CHECK(standard({parse_secret(kSecret1)}, kId1, kTime1, kBody1) ==
        "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=");
  CHECK(standard({parse_secret("whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD")},
                 "msg_27UH4WbU6Z5A5EzD8u03UvzRbpk", 1649367553,
                 R"({"email":"test@example.com","username":"test_user"})") ==
        "v1,tZ1I4/hDygAJgO5TYxiSd6Sd0kDW6hPenDe+bTa3Kkw=");
  CHECK(standard({parse_secret(kPrivate)}, kId1, kTime1, kBody1) ==
        "v1a,hnO3f9T8Ytu9HwrXslvumlUpqtNVqkhqw/enGzPCXe5BdqzCInXqYXFymVJaA7AZdpXwVLPo3mNl8EM+m7TBA"
        "g==");
}

TEST_CASE("the prefix of a symmetric secret may be left out", "[webhook][sign]") {
  CHECK(standard({parse_secret("MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw")}, kId1, kTime1, kBody1) ==
        "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=");
}

TEST_CASE("each key signs once, in its order", "[webhook][sign]") {
  const auto both =
      standard({parse_secret(kSecret1), parse_secret(kPrivate)}, kId1, kTime1, kBody1);
  CHECK(both ==
        "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE= "
        "v1a,hnO3f9T8Ytu9HwrXslvumlUpqtNVqkhqw/enGzPCXe5BdqzCInXqYXFymVJaA7AZdpXwVLPo3mNl8EM+m7TBA"
        "g==");
}

TEST_CASE("aragora signatures match today's consumers", "[webhook][sign]") {
  const auto [body, secret, expected] = GENERATE(table<std::string, std::string, std::string>({
      {R"({"event":"debate_end","data":{"debate_id":"debate-123"}})", "whsec_test",
       "sha256=1e71ab452b3adcdbfe015340132ef0062763f0c19632b2c906354701979743aa"},
      {"{}", "s", "sha256=143ca8d517ba1b181025d732b1cf275d90104fca57bb02a565542978aa18c4b6"},
      {"", "k", "sha256=8bb990c40a7d61cb97597a942125025be50ac8beb74436e3735b98893a7f6620"},
      {"\xc3\x9c", "k", "sha256=1cde44a3558e5c1a2e53519bbc587a232d0595378af80fff6fe5162f47dfebf2"},
  }));
  CHECK(aev::webhook::generate_signature(body, secret) == expected);
  const std::vector<Secret> secrets{parse_secret(secret)};
  CHECK(aev::webhook::aragora_signature(secrets, body) == expected);
}

TEST_CASE("timestamped signatures cover time and body, once per key", "[webhook][sign]") {
  const auto of = [](std::string_view secret) {
    return aev::webhook::generate_signature("17.{}", secret).substr(7);
  };
  const std::vector<Secret> secrets{parse_secret("new"), parse_secret(kPrivate),
                                    parse_secret("old")};
  CHECK(aev::webhook::timestamped_signature(secrets, 17, "{}") ==
        "t=17,v1=" + of("new") + ",v1=" + of("old"));
}

TEST_CASE("signature_headers names the headers of each scheme", "[webhook][sign]") {
  const std::vector<Secret> secrets{parse_secret(kSecret1)};
  const auto names = [&](std::string_view scheme) {
    std::vector<std::string> out;
    for (const auto& header :
         aev::webhook::signature_headers(scheme, secrets, kId1, kTime1, kBody1)) {
      out.push_back(header.first);
    }
    return out;
  };
  CHECK(names("standard") ==
        std::vector<std::string>{"webhook-id", "webhook-timestamp", "webhook-signature"});
  CHECK(names("aragora") == std::vector<std::string>{"X-Aragora-Signature", "X-Aragora-Timestamp"});
  CHECK(names("aragora-timestamped") ==
        std::vector<std::string>{"X-Aragora-Signature", "X-Aragora-Timestamp"});
  CHECK_THROWS_AS(names("md5"), std::invalid_argument);
}

TEST_CASE("secrets that cannot be used are refused without being repeated", "[webhook][sign]") {
  const std::string secret = GENERATE(
      as<std::string>(), "", "whsec_", "whsk_", "whpk_", "whsk_AAAA", "whpk_AAAA",
      "whsk_not+base64!",
      "whsk_6Xb/dCcHpPea21PS1N9VY/NZW723CEc77N4rJCubMbfVKIDij2HKpMKkioLlX0dRqSKJp4AJ6p9lMic"
      "MFs6KvA==");
  try {
    static_cast<void>(parse_secret(secret));
    FAIL("accepted");
  } catch (const std::invalid_argument& fault) {
    if (secret.size() > 6) {
      CHECK(std::string(fault.what()).find(secret.substr(5)) == std::string::npos);
    }
  }
}

TEST_CASE("a whsec_ that is not base64 fits the aragora schemes only", "[webhook][sign]") {
  const Secret secret = parse_secret("whsec_not base64!");
  CHECK_FALSE(secret.fits_standard());
  CHECK(secret.fits_aragora());
  CHECK_THROWS_AS(standard({secret}, "id", 1, ""), std::invalid_argument);
}

TEST_CASE("a public key cannot sign", "[webhook][sign]") {
  const Secret secret = parse_secret("whpk_1SiA4o9hyqTCpIqC5V9HUakiiaeACeqfZTInDBbOir4=");
  CHECK_FALSE(secret.can_sign());
  CHECK_THROWS_AS(standard({secret}, "id", 1, ""), std::invalid_argument);
}

TEST_CASE("an id that would make the signed text ambiguous is refused", "[webhook][sign]") {
  CHECK_THROWS_AS(standard({parse_secret(kSecret1)}, "a.b", 1, ""), std::invalid_argument);
  CHECK_THROWS_AS(standard({parse_secret(kSecret1)}, "", 1, ""), std::invalid_argument);
}

TEST_CASE("base64 goes both ways", "[webhook][sign]") {
  const auto [bytes, text] = GENERATE(table<std::string, std::string>(
      {{"", ""}, {"f", "Zg=="}, {"fo", "Zm8="}, {"foo", "Zm9v"}, {"foob", "Zm9vYg=="}}));
  CHECK(aev::webhook::encode_base64(bytes) == text);
  CHECK(aev::webhook::decode_base64(text) == bytes);
  CHECK(aev::webhook::decode_base64(text.substr(0, text.find('='))) == bytes);
}

TEST_CASE("what is not base64 does not decode", "[webhook][sign]") {
  const std::string text = GENERATE(as<std::string>(), "A", "AAAAA", "=", "====", "A===", "AA=A",
                                    "AA-_", "A A=", "\xc3\x9c==");
  CHECK_FALSE(aev::webhook::decode_base64(text).has_value());
}
