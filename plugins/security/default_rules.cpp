#include "default_rules.h"

namespace aev::security {
namespace {

RuleSettings threshold(
    std::string name, std::string event, std::string key, std::uint32_t count, nanoseconds within) {
  RuleSettings rule;
  rule.name = std::move(name);
  rule.kind = RuleKind::kThreshold;
  rule.events = {std::move(event)};
  rule.key = {std::move(key)};
  rule.count = count;
  rule.within = within;
  rule.cooldown = within;
  rule.emit = {{"threat_detected", std::nullopt, {}}};
  return rule;
}

}  // namespace

std::vector<RuleSettings> default_rules() {
  using std::chrono::minutes;
  std::vector<RuleSettings> rules = {
      threshold("failed-logins-per-address", "auth_failure", "ip_address", 5, minutes(10)),
      threshold("one-user-from-many-addresses", "auth_failure", "user_id", 5, minutes(60)),
      threshold("rate-limit-burst", "rate_limit_exceeded", "user_id", 100, minutes(1))};
  rules[1].distinct = "ip_address";
  rules[2].severity = Severity::kMedium;
  return rules;
}

RuleSettings default_debate_rule() {
  RuleSettings rule;
  rule.name = kDebateRule;
  rule.kind = RuleKind::kDebate;
  rule.always_trigger = {"critical_cve", "critical_secret", "critical_vulnerability",
                         "sast_critical", "threat_detected"};
  rule.events = {"critical_cve",    "critical_secret",        "critical_vulnerability",
                 "sast_critical",   "scan_completed",         "scan_failed",
                 "scan_started",    "secret_detected",        "secret_rotated",
                 "threat_detected", "vulnerability_detected", "vulnerability_resolved"};
  rule.key = {"repository"};
  rule.min_severity = Severity::kHigh;
  rule.critical_findings = 1;
  rule.high_findings = 3;
  rule.cooldown = std::chrono::seconds(300);
  rule.max_open = 5;
  rule.open_timeout = std::chrono::seconds(300);
  rule.severity = Severity::kHigh;
  rule.emit = {{"security_debate_requested", std::nullopt, {}}};
  return rule;
}

}  // namespace aev::security
