#include <arpa/inet.h>
#include <memory>
#include <netinet/in.h>

#include <Poco/JSON/Parser.h>
#include <catch2/catch.hpp>
#include <curl/curl.h>

#include <aev/webhook_verify.hpp>

#include "address_guard.h"
#include "delivery_id.h"
#include "options.h"
#include "outcome.h"
#include "request_body.h"
#include "request_headers.h"

namespace aev::webhook {
namespace {

constexpr const char* kSecret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";

std::string refusal(const std::string& address, const std::vector<Network>& allowed = {}) {
  sockaddr_in v4{};
  v4.sin_family = AF_INET;
  if (inet_pton(AF_INET, address.c_str(), &v4.sin_addr) == 1) {
    return refuse_address(reinterpret_cast<const sockaddr&>(v4), sizeof(v4), allowed);
  }
  sockaddr_in6 v6{};
  v6.sin6_family = AF_INET6;
  REQUIRE(inet_pton(AF_INET6, address.c_str(), &v6.sin6_addr) == 1);
  return refuse_address(reinterpret_cast<const sockaddr&>(v6), sizeof(v6), allowed);
}

TEST_CASE("addresses of the inside are refused, whatever they are written as") {
  for (const char* inside :
       {"127.0.0.1", "10.1.2.3", "172.16.0.1", "172.31.255.255", "192.168.1.1", "169.254.169.254",
        "100.64.0.1", "0.0.0.0", "224.0.0.1", "255.255.255.255", "::1", "::", "fe80::1", "fd00::1",
        "ff02::1", "::ffff:127.0.0.1", "::ffff:169.254.169.254", "64:ff9b::a00:1"}) {
    INFO(inside);
    CHECK(refusal(inside).find("allow_networks") != std::string::npos);
  }
  for (const char* outside :
       {"8.8.8.8", "172.32.0.1", "100.128.0.1", "2606:4700::1", "::ffff:8.8.8.8"}) {
    INFO(outside);
    CHECK(refusal(outside).empty());
  }
}

TEST_CASE("allowed networks are exempt, and nothing beside them") {
  const std::vector<Network> allowed = {parse_network("127.0.0.0/8"), parse_network("fd00::/16")};
  CHECK(refusal("127.9.9.9", allowed).empty());
  CHECK(refusal("::ffff:127.0.0.1", allowed).empty());
  CHECK(refusal("fd00::5", allowed).empty());
  CHECK_FALSE(refusal("10.0.0.1", allowed).empty());
  CHECK_FALSE(refusal("::1", allowed).empty());
  for (const char* bad : {"", "localhost", "10.0.0.0/33", "10.0.0.0/x", "10.0.0.0/", "::/129"}) {
    INFO(bad);
    CHECK_THROWS_AS(parse_network(bad), std::invalid_argument);
  }
}

TEST_CASE("what each status means") {
  const auto outcome = [](long status) {
    return outcome_of(status, std::chrono::seconds(7), "why");
  };
  CHECK(outcome(200).outcome == AEV_DELIVERED);
  CHECK(outcome(204).outcome == AEV_DELIVERED);
  for (const long status : {301L, 302L, 400L, 401L, 404L, 413L, 422L}) {
    CHECK(outcome(status).outcome == AEV_REJECT);
    CHECK(outcome(status).flags == 0);
  }
  CHECK(outcome(410).outcome == AEV_REJECT);
  CHECK(outcome(410).flags == AEV_RESULT_DISABLE);
  for (const long status : {429L, 502L, 503L, 504L}) {
    CHECK(outcome(status).outcome == AEV_RETRY);
    CHECK(outcome(status).flags == AEV_RESULT_THROTTLE);
    CHECK(outcome(status).retry_after == std::chrono::seconds(7));
  }
  for (const long status : {408L, 500L, 501L, 599L}) {
    CHECK(outcome(status).outcome == AEV_RETRY);
    CHECK(outcome(status).flags == 0);
  }
  CHECK(describe_answer(500, "a\n\xff b") == "HTTP 500: a   b");
  CHECK(describe_answer(302, "").find("redirects are not followed") != std::string::npos);
}

void ignore(const aev_host*, const aev_result*, std::uint32_t, std::uint32_t) {}

/// Two events in a lease, as the host would hand them over.
struct Lease {
  Lease() {
    attributes[0] = {sdk::str("traceparent"), sdk::str("\"00-aa-bb-01\"")};
    attributes[1] = {sdk::str("round"), sdk::str("3")};
    for (int i = 0; i < 2; ++i) {
      aev_event& event = events[i];
      event.seq = static_cast<std::uint64_t>(i + 1);
      event.time_unix_ns = 1'700'000'000'123'456'000;
      event.id = sdk::str(i == 0 ? "e1" : "e2");
      event.event_type = sdk::str("vote");
      event.debate_id = sdk::str("d 1");
      event.content_type = sdk::str("application/json");
      constexpr std::string_view kData = "{\"a\": 1.50}";
      event.data = {kData.data(), kData.size()};
      event.attributes = attributes;
      event.attribute_count = 2;
      event.attempt = 1;
    }
    host.name = "customer";
    host.complete = &ignore;
    batch.struct_size = sizeof(batch);
    batch.event_stride = sizeof(aev_event);
    batch.batch_id = 1;
    batch.events = events;
    batch.count = 2;
  }

  [[nodiscard]] RequestEvents one() const {
    return {sdk::Batch(sdk::Host(&host), &batch), 0, 1, false};
  }

  [[nodiscard]] RequestEvents both() const {
    return {sdk::Batch(sdk::Host(&host), &batch), 0, 2, true};
  }

  aev_attr attributes[2] = {};
  aev_event events[2] = {};
  aev_host host{};
  aev_batch batch{};
};

Options options(const std::string& more = "") {
  return parse_options(R"({"url":"https://example.com/hook","secret":")" + std::string(kSecret) +
                       "\"" + more + "}");
}

std::string body(const Options& chosen, const RequestEvents& events) {
  std::string text;
  append_body(text, chosen, events, "msg_1");
  return text;
}

Poco::Dynamic::Var parse(const std::string& text) {
  return Poco::JSON::Parser().parse(text);
}

std::vector<Header> headers(const Options& chosen,
                            const RequestEvents& events,
                            const std::string& text) {
  const std::unique_ptr<curl_slist, decltype(&curl_slist_free_all)> list(
      make_headers(chosen, events, text, "msg_1", 1'700'000'000), &curl_slist_free_all);
  std::vector<Header> all;
  for (const curl_slist* each = list.get(); each != nullptr; each = each->next) {
    const std::string line = each->data;
    const auto colon = line.find(": ");
    all.emplace_back(line.substr(0, colon), line.substr(colon + 2));
  }
  return all;
}

std::string find(const std::vector<Header>& all, const std::string& name) {
  for (const Header& header : all) {
    if (header.first == name) {
      return header.second;
    }
  }
  return {};
}

TEST_CASE("bodies are JSON in each format, and data stays as it was sent") {
  const Lease lease;
  const Options event = options();
  CHECK(body(event, lease.one()).find("\"data\":{\"a\": 1.50}") != std::string::npos);
  CHECK(parse(body(event, lease.both())).extract<Poco::JSON::Array::Ptr>()->size() == 2);

  const auto aragora = parse(body(options(R"(,"format":"aragora")"), lease.one()))
                           .extract<Poco::JSON::Object::Ptr>();
  CHECK(aragora->getValue<std::string>("event") == "vote");
  CHECK(aragora->getValue<std::string>("delivery_id") == "msg_1");
  CHECK(aragora->getValue<double>("timestamp") == Approx(1'700'000'000.123456));

  const auto cloud = parse(body(options(R"(,"format":"cloudevents")"), lease.one()))
                         .extract<Poco::JSON::Object::Ptr>();
  CHECK(cloud->getValue<std::string>("specversion") == "1.0");
  CHECK(cloud->getValue<std::string>("source") == "/aragora-events");
  CHECK(cloud->getValue<std::string>("subject") == "d 1");
  CHECK(cloud->getValue<int>("round") == 3);
  CHECK(body(options(R"(,"format":"cloudevents","mode":"binary")"), lease.one()) ==
        "{\"a\": 1.50}");
}

TEST_CASE("headers carry signature, trace and CloudEvents attributes") {
  const Lease lease;
  const Options binary =
      options(R"(,"format":"cloudevents","mode":"binary","headers":{"X-A":"b"})");
  const std::string text = body(binary, lease.one());
  const auto all = headers(binary, lease.one(), text);
  CHECK(find(all, "ce-id") == "e1");
  CHECK(find(all, "ce-subject") == "d%201");
  CHECK(find(all, "Content-Type") == "application/json");
  CHECK(find(all, "traceparent") == "00-aa-bb-01");
  CHECK(find(all, "X-A") == "b");
  const auto now = std::chrono::system_clock::time_point(std::chrono::seconds(1'700'000'010));
  CHECK(verify_webhook_request(all, text, kSecret, 300, now).valid);
  CHECK_FALSE(verify_webhook_request(all, text + " ", kSecret, 300, now).valid);
  const Options batched = options(R"(,"format":"cloudevents")");
  CHECK(find(headers(batched, lease.both(), ""), "Content-Type") ==
        "application/cloudevents-batch+json");
  CHECK(encode_header_value("Euro \xe2\x82\xac \xf0\x9f\x98\x80") ==
        "Euro%20%E2%82%AC%20%F0%9F%98%80");
}

TEST_CASE("delivery ids are stable, and differ by subscriber and event") {
  const Lease lease;
  const auto batch = lease.one().batch;
  const std::string id = delivery_id("customer", batch, 0, 1);
  CHECK(id.size() == 30);
  CHECK(id.substr(0, 4) == "msg_");
  CHECK(id == delivery_id("customer", batch, 0, 1));
  CHECK(id != delivery_id("other", batch, 0, 1));
  CHECK(id != delivery_id("customer", batch, 1, 1));
  CHECK(id != delivery_id("customer", batch, 0, 2));
}

TEST_CASE("a configuration that the schema cannot judge is refused with its place") {
  const std::pair<const char*, const char*> wrong[] = {
      {R"({"url":"http://u:p@x/","secret":"s"})", "/url"},
      {R"({"url":"http://x/"})", ""},
      {R"({"url":"http://x/","secret":"whpk_1SiA4o9hyqTCpIqC5V9HUakiiaeACeqfZTInDBbOir4="})",
       "/secret"},
      {R"({"url":"http://x/","secret":"s","mode":"binary"})", "/mode"},
      {R"({"url":"http://x/","secret":"s","headers":{"Content-Type":"x"}})",
       "/headers/Content-Type"},
      {R"({"url":"http://x/","secret":"s","headers":{"A":"b\nc"}})", "/headers/A"},
      {R"({"url":"http://x/","secret":"s","allow_networks":["10.0.0.0/8","here"]})",
       "/allow_networks/1"},
      {R"({"url":"http://x/","secret":"s","tls":{"cert_file":"c"}})", "/tls"},
      {R"({"url":"http://x/","secret":"s","signatures":["aragora","aragora-timestamped"]})",
       "/signatures"}};
  for (const auto& [config, path] : wrong) {
    INFO(config);
    std::string found = "accepted";
    try {
      static_cast<void>(parse_options(config));
    } catch (const sdk::ConfigError& error) {
      found = error.path();
    }
    CHECK(found == path);
  }
  CHECK(options().endpoint == "example.com:443");
  CHECK(parse(config_schema()).extract<Poco::JSON::Object::Ptr>()->has("properties"));
}

}  // namespace
}  // namespace aev::webhook
