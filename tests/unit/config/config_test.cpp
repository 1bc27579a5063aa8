#include "config/config.h"

#include <catch2/catch.hpp>

#include "config_folder.h"

namespace aev::config {
namespace {

using namespace std::chrono_literals;

const char* const kSmall =
    "version: 1\n"
    "data_dir: ./data\n"
    "subscribers:\n"
    "  customer:\n"
    "    plugin: webhook\n"
    "    config: {url: 'https://example.com', n: 3, on: true, s: '3'}\n"
    "routes:\n"
    "  - {name: all, match: {event_type: [vote]}, to: [customer]}\n";

TEST_CASE("a small file gets the defaults of the design") {
  const Folder folder;
  const auto loaded = folder.load(kSmall);
  INFO(all_of(loaded));
  REQUIRE(loaded.config);
  const Config& config = *loaded.config;
  CHECK(config.data_dir.is_absolute());
  CHECK(config.api.port == 8080);
  CHECK(config.store.sync_full);
  REQUIRE(config.subscribers.size() == 1);
  const SubscriberConfig& customer = config.subscribers[0];
  CHECK(customer.policy.retry.max_attempts == 4);
  CHECK(customer.policy.retry.initial_interval == 5s);
  CHECK(customer.policy.timeout == 30s);
  CHECK(customer.policy.dead_letter.retention == 72h);
  CHECK_FALSE(customer.policy.batch);
  CHECK(customer.config_json.find(R"("n":3)") != std::string::npos);
  CHECK(customer.config_json.find(R"("on":true)") != std::string::npos);
  CHECK(customer.config_json.find(R"("s":"3")") != std::string::npos);
  CHECK(config.routes[0].match_json == R"({"event_type":["vote"]})");
}

TEST_CASE("policies by name and inline, with units") {
  const Folder folder;
  const auto loaded = folder.load(
      "version: 1\n"
      "data_dir: /tmp/x\n"
      "retry_policies: {quick: {max_attempts: 9, initial_interval: 250ms, jitter: 0}}\n"
      "subscribers:\n"
      "  a: {plugin: p, retry: quick, rate_limit: 600/m, batch: {max_bytes: 2MiB, max_delay: "
      "50ms}}\n"
      "  b: {plugin: p, retry: {max_attempts: 1}, order_by: debate_id, attempts: all,\n"
      "      circuit_breaker: {failures: 5, cooldown: 1m}, timeout: 2s, concurrency: 3}\n");
  INFO(all_of(loaded));
  REQUIRE(loaded.config);
  const DeliveryPolicy& a = loaded.config->subscribers[0].policy;
  CHECK(a.retry.max_attempts == 9);
  CHECK(a.retry.initial_interval == 250ms);
  CHECK(a.rate_limit.per_second == Approx(10));
  REQUIRE(a.batch);
  CHECK(a.batch->max_bytes == 2u << 20);
  CHECK(a.batch->max_events == 100);
  const DeliveryPolicy& b = loaded.config->subscribers[1].policy;
  CHECK(b.circuit_breaker.cooldown == 1min);
  CHECK(b.attempt_log == AttemptLog::kAll);
  CHECK(b.concurrency == 3);
}

TEST_CASE("a policy that no subscriber names is doubtful") {
  const Folder folder;
  const auto loaded = folder.load(
      "version: 1\n"
      "data_dir: /tmp/x\n"
      "retry_policies:\n"
      "  default: {max_attempts: 2}\n"
      "  quick: {max_attempts: 9}\n"
      "  qiuck: {max_attempts: 8}\n"
      "dead_letter_policies: {default: {retention: 1h}}\n"
      "subscribers:\n"
      "  a: {plugin: p, retry: quick}\n"
      "  b: {plugin: p, dead_letter: {retention: 2h}}\n");
  REQUIRE(loaded.config);
  REQUIRE(loaded.problems.size() == 1);
  CHECK(loaded.problems[0].warning);
  CHECK(loaded.problems[0].path == "retry_policies.qiuck");
  CHECK(loaded.problems[0].where.line == 6);
}

TEST_CASE("every problem is told at once, with its place and what was probably meant") {
  const Folder folder;
  const auto loaded = folder.load(
      "version: 1\n"
      "data_dir: ./data\n"
      "stoer: {}\n"
      "subscribers:\n"
      "  customer:\n"
      "    plugin: webhook\n"
      "    retry: {max_atempts: 3, initial_interval: 5}\n"
      "    timeout: soon\n"
      "routes:\n"
      "  - {name: all, to: [custmer]}\n");
  CHECK_FALSE(loaded.config);
  const std::string text = all_of(loaded);
  INFO(text);
  CHECK(text.find("host.yaml:3:1: stoer") != std::string::npos);
  CHECK(text.find("`store`") != std::string::npos);
  CHECK(text.find("host.yaml:7:13: subscribers.customer.retry.max_atempts") != std::string::npos);
  CHECK(text.find("max_attempts") != std::string::npos);
  CHECK(text.find("host.yaml:7:") != std::string::npos);
  CHECK(text.find("host.yaml:8:") != std::string::npos);
  CHECK(text.find("host.yaml:10:") != std::string::npos);
  CHECK(text.find("`customer`") != std::string::npos);
  CHECK(loaded.problems.size() >= 5);
}

TEST_CASE("a secret that every account can read is warned of") {
  const Folder folder;
  const auto secret = folder.write("secrets/key", "s3cret\n");
  const std::string text =
      "version: 1\n"
      "data_dir: ./data\n"
      "subscribers:\n"
      "  a: {plugin: x, config: {key: '${file:secrets/key}'}}\n";
  using std::filesystem::perms;
  std::filesystem::permissions(secret, perms::owner_read | perms::others_read);
  const auto open = folder.load(text);
  REQUIRE(open.config);
  REQUIRE(open.problems.size() == 1);
  CHECK(open.problems[0].warning);
  CHECK(open.problems[0].where.line == 4);
  CHECK(open.problems[0].message.find("chmod") != std::string::npos);
  std::filesystem::permissions(secret, perms::owner_read | perms::group_read);
  CHECK(folder.load(text).problems.empty());
}

TEST_CASE("environment and files fill strings, and are redacted") {
  const Folder folder;
  folder.write("secrets/key", "s3cret\n");
  const auto loaded = folder.load(
      "version: 1\n"
      "data_dir: ./data\n"
      "subscribers:\n"
      "  a: {plugin: x, config: {key: '${file:secrets/key}', u: '${env:U:-none}', v: "
      "'${env:V}'}}\n",
      {{"V", "given"}});
  INFO(all_of(loaded));
  REQUIRE(loaded.config);
  const SubscriberConfig& a = loaded.config->subscribers[0];
  CHECK(a.config_json.find("\"s3cret\"") != std::string::npos);
  CHECK(a.config_json.find("\"none\"") != std::string::npos);
  CHECK(a.config_json.find("\"given\"") != std::string::npos);
  CHECK(a.redacted_config_json.find("s3cret") == std::string::npos);
  for (const auto& shown : loaded.shown) {
    CHECK(shown.value.find("s3cret") == std::string::npos);
  }
  const auto missing = folder.load(
      "version: 1\ndata_dir: ./d\nsubscribers: {a: {plugin: x, config: {v: '${env:NOPE}'}}}\n");
  CHECK_FALSE(missing.config);
  CHECK(all_of(missing).find("NOPE") != std::string::npos);
}

TEST_CASE("YAML wins over the environment, the environment over defaults") {
  const Folder folder;
  const std::map<std::string, std::string> environment = {{"WEBHOOK_TIMEOUT_SECONDS", "7"},
                                                          {"WEBHOOK_MAX_RETRIES", "2"},
                                                          {"DLQ_RETENTION_HOURS", "5"},
                                                          {"EVENT_SIGNATURE_SECRET", "hush"}};
  const auto loaded = folder.load(kSmall, environment);
  INFO(all_of(loaded));
  REQUIRE(loaded.config);
  const SubscriberConfig& customer = loaded.config->subscribers[0];
  CHECK(customer.policy.timeout == 7s);
  CHECK(customer.policy.retry.max_attempts == 3);
  CHECK(customer.policy.dead_letter.retention == 5h);
  CHECK(customer.config_json.find("hush") != std::string::npos);
  CHECK(customer.redacted_config_json.find("hush") == std::string::npos);
  const auto bad = folder.load(kSmall, {{"WEBHOOK_TIMEOUT_SECONDS", "soon"}});
  CHECK_FALSE(bad.config);
  CHECK(all_of(bad).find("WEBHOOK_TIMEOUT_SECONDS") != std::string::npos);
}

TEST_CASE("a name that is defined twice across includes is told with both places") {
  const Folder folder;
  folder.write("more/a.yaml", "subscribers: {customer: {plugin: other}}\n");
  const auto loaded = folder.load("include: more/*.yaml\n" + std::string(kSmall));
  CHECK_FALSE(loaded.config);
  const std::string text = all_of(loaded);
  INFO(text);
  CHECK(text.find("customer") != std::string::npos);
  CHECK(text.find("a.yaml") != std::string::npos);
}

TEST_CASE("only loopback may be bound without tokens; broken YAML and missing files are clear") {
  const Folder folder;
  CHECK_FALSE(folder.load("version: 1\ndata_dir: ./d\napi: {listen: '0.0.0.0:80'}\n").config);
  const auto broken = folder.load("version: 1\ndata_dir: [\n");
  CHECK_FALSE(broken.config);
  REQUIRE_FALSE(broken.problems.empty());
  CHECK(broken.problems[0].where.line > 0);
  const auto missing = load("/nonexistent/host.yaml", process_environment());
  CHECK_FALSE(missing.config);
  CHECK(all_of(missing).find("/nonexistent/host.yaml") != std::string::npos);
}

TEST_CASE("a schema's complaints are mapped to lines") {
  const SourceMap sources = {
      {"", {"f.yaml", 1, 1}}, {"/url", {"f.yaml", 2, 3}}, {"/frmat", {"f.yaml", 5, 7}}};
  const auto problems = check_against_schema(
      R"({"url":5,"frmat":"x"})",
      R"({"type":"object","properties":{"url":{"type":"string"},"format":{}},"additionalProperties":false})",
      sources, "subscribers.a.config");
  REQUIRE(problems.size() >= 2);
  std::string text;
  for (const auto& problem : problems) {
    text += to_string(problem) + "\n";
  }
  INFO(text);
  CHECK(text.find("f.yaml:2:3") != std::string::npos);
  CHECK(text.find("f.yaml:5:7") != std::string::npos);
  CHECK(text.find("format") != std::string::npos);
  CHECK(secret_pointers(
            R"({"properties":{"a":{"x-secret":true},"b":{"properties":{"c":{"x-secret":true}}}}})")
            .size() == 2);
  CHECK(did_you_mean("max_atempts", {"max_attempts", "jitter"}) == "max_attempts");
  CHECK(did_you_mean("zzz", {"max_attempts"}).empty());
}

}  // namespace
}  // namespace aev::config
