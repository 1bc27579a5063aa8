#include "rule_engine.h"

#include <algorithm>
#include <map>
#include <random>
#include <set>
#include <tuple>

#include <catch2/catch.hpp>

#include "digest.h"

namespace aev::security {
namespace {

constexpr std::int64_t kSecond = 1'000'000'000;
constexpr std::int64_t kStart = 1'772'366'400 * kSecond;

/// An event that owns its texts.
struct Made {
  std::string type = "auth_failure";
  std::string user{};
  std::string address{};
  std::int64_t time = kStart;
  std::int64_t received = kStart;
  Severity severity = Severity::kMedium;
  std::string debate{};
  std::string repository{};
  std::uint32_t critical = 0;
  std::uint32_t high = 0;
};

/// An engine with numbered events, as the audit trail numbers them.
class Desk {
 public:
  explicit Desk(const std::string& config)
      : settings(parse_settings(config)), engine(settings, "desk", &make_debate_id) {}

  std::vector<Firing> observe(const Made& made) {
    std::vector<Firing> fired;
    engine.observe(view(made), fired);
    return fired;
  }

  Observation view(const Made& made) {
    Observation event;
    event.entry = event.seq = ++entry;
    id = "e" + std::to_string(entry);
    event.event_id = id;
    event.event_type = made.type;
    event.debate_id = made.debate;
    event.time_ns = made.time;
    event.received_ns = made.received;
    event.severity = made.severity;
    event.critical_findings = made.critical;
    event.high_findings = made.high;
    event.fields.assign(engine.fields().size(), {});
    for (std::size_t i = 0; i < event.fields.size(); ++i) {
      const std::string& path = engine.fields().path(i);
      event.fields[i] = path == "user_id"      ? std::string_view(made.user)
                        : path == "ip_address" ? std::string_view(made.address)
                        : path == "repository" ? std::string_view(made.repository)
                                               : std::string_view();
    }
    return event;
  }

  const Settings settings;
  RuleEngine engine;
  std::uint64_t entry = 0;
  std::string id;
};

const std::string kRules =
    R"({"database":"x.db","debates":{"enabled":false},"max_late":"60s","rules":[
  {"name":"count","events":["auth_failure"],"key":"ip_address","count":4,"within":"30s","cooldown":"20s"},
  {"name":"distinct","events":["auth_failure","other"],"key":"user_id","distinct":"ip_address","count":3,
   "within":"40s","cooldown":"0s"},
  {"name":"all","events":["other"],"count":6,"within":"25s","min_severity":"high"},
  {"name":"each","events":["other"],"key":["user_id","ip_address"],"min_severity":"critical","cooldown":"50s"}
]})";

Made random_event(std::mt19937& random, std::int64_t now) {
  Made made;
  made.type = random() % 4 == 0 ? "other" : random() % 9 == 0 ? "unwatched" : "auth_failure";
  made.user = random() % 11 == 0 ? "" : "u" + std::to_string(random() % 3);
  made.address = random() % 13 == 0 ? "" : "a" + std::to_string(random() % 5);
  made.received = now;
  made.time = now - (random() % 4 == 0 ? static_cast<std::int64_t>(random() % 90) * kSecond : 0);
  made.time += random() % 50 == 0 ? 1000 * kSecond : 0;  // a clock that is wrong
  made.severity = static_cast<Severity>(random() % 5);
  return made;
}

/// The obvious way: keeps every event and looks at all of them for each rule.
class Recomputation {
 public:
  /// What fires, as rule and key.
  std::set<std::pair<std::string, std::string>> observe(const Made& made) {
    newest_ = std::max(newest_, made.received);
    const std::int64_t time = made.time > made.received + 300 * kSecond ? made.received : made.time;
    std::set<std::pair<std::string, std::string>> fired;
    const bool late = time < newest_ - 60 * kSecond;
    const auto seen = [&](const std::string& rule, const std::string& key, std::size_t count,
                          std::int64_t within, std::int64_t cooldown, const std::string& value) {
      auto& events = windows_[{rule, key}];
      events.emplace_back(time, value);
      bool reached = false;
      for (const auto& start : events) {
        const std::int64_t end = start.first + within;
        if (time < start.first || time > end) {
          continue;
        }
        std::multiset<std::string> all;
        for (const auto& each : events) {
          if (each.first >= start.first && each.first <= end) {
            all.insert(each.second);
          }
        }
        const std::set<std::string> different(all.begin(), all.end());
        reached = reached || (value.empty() ? all.size() : different.size()) >= count;
      }
      quiet(reached, rule, key, time, cooldown, fired);
    };
    if (!late && made.type == "auth_failure" && !made.address.empty()) {
      seen("count", made.address, 4, 30 * kSecond, 20 * kSecond, "");
    }
    if (!late && (made.type == "auth_failure" || made.type == "other") && !made.user.empty() &&
        !made.address.empty()) {
      seen("distinct", made.user, 3, 40 * kSecond, 0, made.address);
    }
    if (!late && made.type == "other" && made.severity >= Severity::kHigh) {
      seen("all", "", 6, 25 * kSecond, 25 * kSecond, "");
    }
    if (made.type == "other" && made.severity == Severity::kCritical && !made.user.empty() &&
        !made.address.empty()) {
      quiet(true, "each", made.user + kKeySeparator + made.address, time, 50 * kSecond, fired);
    }
    return fired;
  }

 private:
  void quiet(bool reached,
             const std::string& rule,
             const std::string& key,
             std::int64_t time,
             std::int64_t cooldown,
             std::set<std::pair<std::string, std::string>>& fired) {
    const auto last = last_.find({rule, key});
    if (reached && (last == last_.end() || time >= last->second + cooldown)) {
      last_[{rule, key}] = time;
      fired.insert({rule, key});
    }
  }

  std::map<std::pair<std::string, std::string>, std::vector<std::pair<std::int64_t, std::string>>>
      windows_;
  std::map<std::pair<std::string, std::string>, std::int64_t> last_;
  std::int64_t newest_ = 0;
};

std::set<std::pair<std::string, std::string>> names(const Desk& desk,
                                                    const std::vector<Firing>& fired) {
  std::set<std::pair<std::string, std::string>> found;
  for (const Firing& firing : fired) {
    found.insert({desk.settings.rules[firing.rule].name, firing.key});
  }
  return found;
}

TEST_CASE("rules agree with a recomputation over all events", "[rules]") {
  std::size_t fired_in_all = 0;
  for (unsigned seed = 0; seed < 12; ++seed) {
    std::mt19937 random(seed);
    Desk desk(kRules);
    Recomputation slow;
    std::int64_t now = kStart;
    for (int n = 0; n < 700; ++n) {
      now += static_cast<std::int64_t>(random() % 6) * kSecond;
      const Made made = random_event(random, now);
      INFO("seed " << seed << " event " << n);
      const auto fired = names(desk, desk.observe(made));
      REQUIRE(fired == slow.observe(made));
      fired_in_all += fired.size();
    }
  }
  CHECK(fired_in_all > 500);
}

TEST_CASE("a restart at any point changes nothing", "[rules]") {
  for (unsigned seed = 100; seed < 108; ++seed) {
    std::mt19937 random(seed);
    std::mt19937 cuts(seed + 1000);
    Desk whole(kRules);
    auto cut = std::make_unique<Desk>(kRules);
    std::string snapshot = cut->engine.save();
    std::vector<std::pair<Made, std::vector<Firing>>> journal;
    std::int64_t now = kStart;
    for (int n = 0; n < 500; ++n) {
      now += static_cast<std::int64_t>(random() % 6) * kSecond;
      const Made made = random_event(random, now);
      const auto expected = whole.observe(made);
      const auto fired = cut->observe(made);
      INFO("seed " << seed << " event " << n);
      REQUIRE(names(*cut, fired) == names(whole, expected));
      REQUIRE(std::equal(fired.begin(), fired.end(), expected.begin(), expected.end(),
                         [](const Firing& a, const Firing& b) {
                           return a.evidence == b.evidence && a.count == b.count;
                         }));
      journal.emplace_back(made, fired);
      if (cuts() % 40 == 0) {
        snapshot = cut->engine.save();
        journal.clear();
      }
      if (cuts() % 25 == 0) {
        // As after a crash: the snapshot, then the log behind it.
        auto fresh = std::make_unique<Desk>(kRules);
        REQUIRE(fresh->engine.load(snapshot));
        fresh->entry = cut->entry - journal.size();
        for (const auto& [event, firings] : journal) {
          fresh->engine.restore_event(fresh->view(event));
          for (const Firing& firing : firings) {
            fresh->engine.restore_firing(fresh->settings.rules[firing.rule].name, firing.key,
                                         firing.time_ns, firing.debate_id, event.received);
          }
        }
        REQUIRE(fresh->engine.save() == cut->engine.save());
        cut = std::move(fresh);
      }
    }
  }
}

TEST_CASE("a damaged snapshot is refused", "[rules]") {
  Desk desk(kRules);
  std::mt19937 random(1);
  for (int n = 0; n < 100; ++n) {
    desk.observe(random_event(random, kStart + n * kSecond));
  }
  const std::string saved = desk.engine.save();
  for (std::size_t length = 0; length < saved.size(); length += 7) {
    Desk other(kRules);
    CHECK_FALSE(other.engine.load(std::string_view(saved).substr(0, length)));
    CHECK(other.engine.keys() == 0);
  }
}

TEST_CASE("a rule whose definition changed starts anew, the others go on", "[rules]") {
  Desk desk(kRules);
  for (int n = 0; n < 3; ++n) {
    desk.observe({.user = "u", .address = "a", .time = kStart + n, .received = kStart + n});
  }
  std::string changed = kRules;
  changed.replace(changed.find("\"within\":\"30s\""), 14, "\"within\":\"31s\"");
  Desk next(changed);
  REQUIRE(next.engine.load(desk.engine.save()));
  next.entry = 3;
  CHECK(next.observe({.user = "u", .address = "a", .time = kStart + 9, .received = kStart + 9})
            .empty());
  CHECK(next.engine.window_events() == 5);  // three of `distinct`, and one more of each rule
}

TEST_CASE("only the rules that name a type are asked", "[rules]") {
  Desk desk(kRules);
  CHECK(desk.observe({.type = "nobody_asks", .user = "u", .address = "a"}).empty());
  CHECK(desk.engine.keys() == 0);
}

TEST_CASE("beyond the bound of keys the least recently used goes", "[rules]") {
  Desk desk(R"({"database":"x","debates":{"enabled":false},"limits":{"keys":100},"rules":[
    {"name":"r","events":["auth_failure"],"key":"ip_address","count":2,"within":"60s"}]})");
  const auto at = [](int n, const std::string& address) {
    return Made{.address = address, .time = kStart + n, .received = kStart + n};
  };
  for (int n = 0; n < 101; ++n) {
    CHECK(desk.observe(at(n, "a" + std::to_string(n))).empty());
  }
  CHECK(desk.engine.keys() == 100);
  CHECK(desk.engine.evicted() == 1);
  CHECK(desk.observe(at(200, "a0")).empty());        // was given up
  CHECK(desk.observe(at(201, "a100")).size() == 1);  // was not
}

TEST_CASE("a window that is over makes room without being counted as given up", "[rules]") {
  Desk desk(R"({"database":"x","debates":{"enabled":false},"max_late":"1s","rules":[
    {"name":"r","events":["auth_failure"],"key":"ip_address","count":2,"within":"10s"}]})");
  for (int n = 0; n < 1000; ++n) {
    desk.observe({.address = "a" + std::to_string(n),
                  .time = kStart + n * kSecond,
                  .received = kStart + n * kSecond});
  }
  CHECK(desk.engine.keys() < 15);
  CHECK(desk.engine.evicted() == 0);
}

TEST_CASE("findings ask for debates as Aragora's dispatcher does", "[rules]") {
  Desk desk(R"({"database":"x","rules":[]})");
  int n = 0;
  const auto ask = [&](Made made) {
    made.time = made.received = kStart + ++n * kSecond;
    made.repository = made.repository.empty() ? "r" + std::to_string(n) : made.repository;
    return desk.observe(made).size();
  };
  CHECK(ask({.type = "scan_completed", .severity = Severity::kMedium, .critical = 1}) == 0);
  CHECK(ask({.type = "scan_completed", .severity = Severity::kHigh, .high = 2}) == 0);
  CHECK(ask({.type = "auth_failure", .severity = Severity::kCritical}) == 0);
  CHECK(ask({.type = "scan_completed", .severity = Severity::kCritical, .debate = "d1"}) == 0);
  CHECK(ask({.type = "scan_completed", .severity = Severity::kHigh, .high = 3}) == 1);
  CHECK(ask({.type = "vulnerability_detected", .severity = Severity::kHigh, .critical = 1}) == 1);
  CHECK(ask({.type = "threat_detected", .severity = Severity::kInfo, .repository = "same"}) == 1);
  CHECK(ask({.type = "threat_detected", .severity = Severity::kInfo, .repository = "same"}) == 0);
  CHECK(ask({.type = "critical_cve"}) == 1);
  CHECK(ask({.type = "critical_secret"}) == 1);
  CHECK(desk.engine.open_debates() == 5);
  CHECK(ask({.type = "sast_critical"}) == 0);  // five are open
  CHECK(desk.engine.counts().busy == 1);
  // One ends: there is room for another.
  Made completed{.type = "security_debate_completed", .debate = make_debate_id("desk", "e5")};
  CHECK(ask(completed) == 0);
  CHECK(desk.engine.open_debates() == 4);
  CHECK(ask({.type = "sast_critical"}) == 1);
  n += 300;  // those that nobody completed do not count for ever
  CHECK(ask({.type = "sast_critical"}) == 1);
  CHECK(desk.engine.open_debates() == 1);
}

}  // namespace
}  // namespace aev::security
