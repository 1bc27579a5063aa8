#include "settings.h"

#include <catch2/catch.hpp>

#include "default_rules.h"

namespace aev::security {
namespace {

/// The pointer and text of what is wrong with a configuration.
std::pair<std::string, std::string> refusal(const std::string& members) {
  try {
    static_cast<void>(parse_settings("{\"database\":\"x.db\"," + members + "}"));
  } catch (const sdk::ConfigError& error) {
    return {error.path(), error.what()};
  }
  return {"accepted", ""};
}

TEST_CASE("without rules there are those that one expects", "[settings]") {
  const Settings settings = parse_settings(R"({"database":"/tmp/x.db"})");
  REQUIRE(settings.rules.size() == 4);
  CHECK(settings.rules[0].name == "failed-logins-per-address");
  CHECK(settings.rules[0].count == 5);
  CHECK(settings.rules[0].within == std::chrono::minutes(10));
  CHECK(settings.rules[1].distinct == "ip_address");
  const RuleSettings& debates = settings.rules[3];
  CHECK(debates.name == kDebateRule);
  CHECK(debates.min_severity == Severity::kHigh);
  CHECK(debates.critical_findings == 1);
  CHECK(debates.high_findings == 3);
  CHECK(debates.cooldown == std::chrono::seconds(300));
  CHECK(debates.max_open == 5);
  CHECK(debates.always_trigger == std::vector<std::string>{"critical_cve", "critical_secret",
                                                           "critical_vulnerability",
                                                           "sast_critical", "threat_detected"});
  CHECK(settings.key_file == "/tmp/x.db.key");
}

TEST_CASE("rules are read as written", "[settings]") {
  const Settings settings = parse_settings(R"({"database":"x","debates":{"enabled":false},"rules":[
    {"name":"a","events":["x","y"],"key":["user_id","metadata.country"],"count":3,"within":"90s",
     "cooldown":"2h","severity":"critical","min_severity":"low",
     "emit":["threat_detected",{"event_type":"alert_created","severity":"low","fields":{"team":"red"}}]},
    {"name":"b","events":["x"],"emit":[]}]})");
  REQUIRE(settings.rules.size() == 2);
  const RuleSettings& rule = settings.rules[0];
  CHECK(rule.kind == RuleKind::kThreshold);
  CHECK(rule.within == std::chrono::seconds(90));
  CHECK(rule.cooldown == std::chrono::hours(2));
  REQUIRE(rule.emit.size() == 2);
  CHECK(rule.emit[1].fields == R"("team":"red")");
  CHECK(rule.emit[1].severity == Severity::kLow);
  CHECK(settings.rules[1].kind == RuleKind::kEach);
  CHECK(settings.rules[1].emit.empty());
}

TEST_CASE("what a schema cannot say is refused with its place", "[settings]") {
  CHECK(refusal(R"("rules":[{"name":"a","events":["x"],"count":2}])").first == "/rules/0");
  CHECK(refusal(R"("rules":[{"name":"a","events":["x"],"within":"1m"}])").first ==
        "/rules/0/within");
  CHECK(refusal(R"("rules":[{"name":"a","events":["x"],"distinct":"y","count":1,"within":"1m"}])")
            .first == "/rules/0/count");
  CHECK(refusal(R"("rules":[{"name":"a","events":["x"],"key":"a.b.c"}])").first == "/rules/0/key");
  CHECK(refusal(R"("rules":[{"name":"a","events":["x"]},{"name":"a","events":["x"]}])").first ==
        "/rules/1/name");
  CHECK(refusal(R"("rules":[{"name":"security-debate","events":["x"]}])").first == "/rules/0/name");
  CHECK(refusal(R"("rules":[{"name":"a","events":["x"],"emit":["x"]}])").first ==
        "/rules/0/emit/0");
  CHECK(
      refusal(
          R"("rules":[{"name":"a","events":["x"],"emit":[{"event_type":"y","fields":{"rule":1}}]}])")
          .first == "/rules/0/emit/0/fields/rule");
  for (const char* wrong : {"10", "m", "-5m", "99999d", "10 m", "5min"}) {
    const auto [path, message] = refusal(std::string("\"max_late\":\"") + wrong + "\"");
    INFO(wrong);
    CHECK(path == "/max_late");
    CHECK(message.starts_with("'" + std::string(wrong) + "' is not "));
  }
  CHECK(refusal(R"("audit":{"retention":"x"})").first == "/audit/retention");
  CHECK(refusal(R"("debates":{"repository_cooldown":"x"})").first ==
        "/debates/repository_cooldown");
}

}  // namespace
}  // namespace aev::security
