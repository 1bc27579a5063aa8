#include "app/settings_changes.h"

#include <catch2/catch.hpp>

namespace aev::app {
namespace {

using Names = std::vector<std::string>;

config::Config some_config() {
  config::Config config;
  config.file = "/etc/host.yaml";
  config.data_dir = "/data";
  return config;
}

}  // namespace

TEST_CASE("settings that a running host takes over are named", "[reload]") {
  const config::Config running = some_config();
  config::Config next = running;
  std::vector<config::Problem> problems;
  CHECK(compare_settings(running, next, {}, problems).empty());
  next.api.tokens.push_back({"ci", "secret", {config::Scope::kAdmin}});
  next.store.max_size = 1;
  next.log.level = LogLevel::kDebug;
  next.schemas.events["vote"] = config::SchemaMode::kWarn;
  CHECK(compare_settings(running, next, {}, problems) ==
        Names{"api.auth.tokens", "store.max_size", "log.level", "schemas"});
  CHECK(problems.empty());
}

TEST_CASE("what needs a restart is warned of at its place and stays as it is", "[reload]") {
  const config::Config running = some_config();
  config::Config next = running;
  next.data_dir = "/elsewhere";
  next.api.port = 9;
  next.api.tls_certificate = next.api.tls_key = "/pem";
  next.api.keep_alive = std::chrono::seconds(1);
  const std::vector<config::Loaded::Shown> shown = {
      {"data_dir", "/elsewhere", "/etc/host.yaml:3:11 (environment HOME)", {}},
      {"api.listen", "127.0.0.1:9", "default", {}},
      {"api.tls.certificate", "/pem", "/etc/more.yaml:7:5", {}}};
  std::vector<config::Problem> problems;
  CHECK(compare_settings(running, next, shown, problems) == Names{"api.keep_alive"});
  Names said;
  for (const auto& problem : problems) {
    CHECK(problem.warning);
    said.push_back(config::to_string(problem));
  }
  const std::string what = ": warning: has changed, which takes effect at the next restart";
  CHECK(said == Names{"/etc/host.yaml:3:11: data_dir" + what, "/etc/host.yaml: api.listen" + what,
                      "/etc/more.yaml:7:5: api.tls" + what});
  keep_what_needs_restart(running, next);
  CHECK(next.data_dir == running.data_dir);
  CHECK(next.api.port == running.api.port);
  CHECK(next.api.tls_certificate.empty());
  CHECK(next.api.keep_alive == std::chrono::seconds(1));
}

TEST_CASE("tokens do not go while the host listens where it did", "[reload]") {
  config::Config running = some_config();
  running.api.host = "0.0.0.0";
  running.api.tokens.push_back({"ci", "secret", {config::Scope::kAdmin}});
  config::Config next = some_config();
  std::vector<config::Problem> problems;
  static_cast<void>(compare_settings(running, next, {}, problems));
  REQUIRE(problems.size() == 2);
  CHECK(problems[0].warning);
  CHECK_FALSE(problems[1].warning);
  CHECK(problems[1].path == "api.auth.tokens");
}

}  // namespace aev::app
