#include <algorithm>
#include <thread>

#include <catch2/catch.hpp>

#include "database.h"
#include "rollup.h"
#include "rollup_file.h"
#include "subscriber_fixture.h"

namespace aev::analytics {
namespace {

using Events = std::vector<sdk::FakeEvent>;

constexpr std::int64_t kNs = 1'000'000'000;
constexpr std::int64_t kDay = 86'400;

sdk::FakeEvent event(std::string type, std::string debate, std::string data, std::int64_t time_ns) {
  sdk::FakeEvent made;
  made.event_type = std::move(type);
  made.debate_id = std::move(debate);
  made.data = std::move(data);
  made.time_unix_ns = time_ns;
  return made;
}

/// A debate in the bridge's spelling; it starts at `time_ns` and lasts a minute.
Events debate(const std::string& id, std::int64_t time_ns) {
  return {
      event("debate_start", id, R"({"task":"Which?","agents":["ada","bob"]})", time_ns),
      event("round_start", id, R"({"round":1})", time_ns + kNs),
      event("agent_message", id, R"({"agent":"ada","content":"hm"})", time_ns + 2 * kNs),
      event("vote", id, R"({"agent":"bob","vote":"ada"})", time_ns + 3 * kNs),
      event("vote", id, R"({"agent":"ada","vote":"option, \"b\""})", time_ns + 4 * kNs),
      event("consensus", id, R"({"reached":true,"confidence":0.75})", time_ns + 5 * kNs),
      event("debate_end", id, R"({"duration":60,"rounds":2,"winner":"ada"})", time_ns + 60 * kNs)};
}

std::int64_t hours_ago(int hours) {
  return (unix_now_ns() / (3600 * kNs) - hours) * 3600 * kNs;
}

TEST_CASE("one debate is shown with who took part and what was voted for") {
  SubscriberFixture fixture;
  fixture.start();
  fixture.deliver(debate("d1", hours_ago(5)));
  const std::string answer = fixture.query("debate", R"({"debate_id":"d1"})");
  INFO(answer);
  CHECK(lines_of(answer, "agents") == "ada|1|0|1|1|0\nbob|0|0|1|0|0\n");
  CHECK(lines_of(answer, "votes") == "ada|1\noption, \"b\"|1\n");
  for (const char* part :
       {R"("outcome":"completed")", R"("failure":null)", R"("duration_seconds":60)",
        R"("consensus_reached":true)", R"("confidence":0.75)", R"("rounds":2)", R"("winner":"ada")",
        R"("agents_total":2)", R"("task":"Which?")"}) {
    INFO(part);
    CHECK(answer.find(part) != std::string::npos);
  }
  CHECK_THROWS_AS(fixture.query("debate", R"({"debate_id":"d9"})"), sdk::ConfigError);
  CHECK_THROWS_AS(fixture.query("debate"), sdk::ConfigError);
  CHECK_THROWS_AS(fixture.query("weather"), sdk::UnknownQuery);
}

TEST_CASE("statistics can be asked for by period, domain and protocol") {
  SubscriberFixture fixture;
  fixture.start();
  fixture.deliver(debate("old", hours_ago(50)));
  fixture.deliver(debate("new", hours_ago(5)));
  Events law = debate("law", hours_ago(3));
  law[0].data = R"({"question":"?","domain":"law","consensus_type":"unanimous"})";
  fixture.deliver(std::move(law));
  const auto total = [&](const std::string& parameters) {
    const std::string lines = stats_lines_of(fixture.query("debate_stats", parameters));
    return lines.substr(0, lines.find('|'));
  };
  CHECK(total("{}") == "3");
  CHECK(total(R"({"period":"24h"})") == "2");
  CHECK(total(R"({"since":"60h","until":"24h"})") == "1");
  CHECK(total(R"({"domain":"law"})") == "1");
  CHECK(total(R"({"domain":"unknown"})") == "2");
  CHECK(total(R"({"protocol":"unanimous"})") == "1");
  CHECK(lines_of(fixture.query("leaderboard", R"({"period":"24h","sort":"wins","limit":"1"})"),
                 "agents") == "1|ada|2|2|0|2|2|2|1|0\n");
  CHECK(lines_of(fixture.query("debates", R"({"outcome":"failed"})"), "debates").empty());
}

TEST_CASE("answers are CSV on demand, with quotes where they are needed") {
  SubscriberFixture fixture;
  fixture.start();
  fixture.deliver(debate("say \"d,1\"", hours_ago(5)));
  fixture.deliver({event("agent_message", "f", R"({"agent":"=1+1"})", hours_ago(4))});
  std::string media_type;
  const std::string debates = fixture.subscriber->query(
      "debates", R"({"format":"csv","outcome":"completed"})", &media_type);
  CHECK(media_type == "text/csv; charset=utf-8");
  CHECK(debates.starts_with("debate_id,outcome,failure,started,"));
  CHECK(debates.find("\r\n\"say \"\"d,1\"\"\",completed,,") != std::string::npos);
  CHECK(
      fixture.query("counts", R"({"format":"csv","group_by":"event_type","granularity":"day"})") ==
      "event_type,events\r\nagent_message,2\r\nconsensus,1\r\ndebate_end,1\r\ndebate_start,1\r\n"
      "round_start,1\r\nvote,2\r\n");
  // A name that a spreadsheet would run as a formula.
  CHECK(fixture.query("leaderboard", R"({"format":"csv"})").find(",'=1+1,") != std::string::npos);
  CHECK(fixture.query("debate_stats", R"({"format":"csv"})").find("\r\nprotocol,unknown,2,") !=
        std::string::npos);
}

TEST_CASE("counts cover whole buckets of the period, and come by bucket, type or both") {
  SubscriberFixture fixture;
  fixture.start();
  const std::int64_t hour = hours_ago(6);
  fixture.deliver({event("vote", "", "{}", hour), event("vote", "", "{}", hour + 3599 * kNs),
                   event("vote", "", "{}", hour + 3600 * kNs),
                   event("token_delta", "", "{}", hour)});
  const auto ask = [&](const std::string& more) {
    return lines_of(fixture.query("counts", "{" + more + "}"), "rows");
  };
  std::string first;
  std::string second;
  sdk::append_rfc3339(first, hour);
  sdk::append_rfc3339(second, hour + 3600 * kNs);
  CHECK(ask("") == first + "|token_delta|1\n" + first + "|vote|2\n" + second + "|vote|1\n");
  CHECK(ask(R"("group_by":"bucket")") == first + "|3\n" + second + "|1\n");
  CHECK(ask(R"("group_by":"none")") == "4\n");
  CHECK(ask(R"("group_by":"none","event_type":"vote")") == "3\n");
  // A period that begins within a bucket gets it whole; one that ends at its start does not.
  const std::string since = std::to_string(hour / kNs + 1800);
  const std::string until = std::to_string(hour / kNs + 3600);
  CHECK(ask(R"("group_by":"none","since":")" + since + R"(","until":")" + until + "\"") == "3\n");
  CHECK(ask(R"("group_by":"none","since":")" + until + "\"") == "1\n");
}

TEST_CASE("late events count in their own bucket and are told of") {
  SubscriberFixture fixture;
  fixture.start();
  fixture.deliver({event("vote", "", "{}", hours_ago(2))});
  fixture.deliver(
      {event("vote", "", "{}", hours_ago(9)), event("vote", "", "{}", hours_ago(2) - kNs)});
  const std::string lines = lines_of(fixture.query("counts", R"({"group_by":"bucket"})"), "rows");
  CHECK(std::count(lines.begin(), lines.end(), '\n') == 3);
  CHECK(fixture.query("status").find(R"("late_events":1)") != std::string::npos);
  CHECK(fixture.host->metric("aragora_analytics_late_events_total{subscriber=\"stats\"}") == 1);
}

TEST_CASE("what is older than its retention is gone from answers and then from the file") {
  SubscriberFixture fixture;
  const std::int64_t now_s = 1'772'366'400;
  Retention retention;
  retention.buckets = {2 * kDay, 60 * kDay, std::nullopt};
  retention.debates = 100 * kDay;
  Rollup rollup(open_rollup(fixture.file), retention);
  rollup.use_log("log", "stats");
  std::vector<sdk::FakeEvent> made;
  for (int day = 0; day < 200; ++day) {
    for (sdk::FakeEvent& each : debate("d" + std::to_string(day), (now_s - day * kDay) * kNs)) {
      each.seq = made.size() + 1;
      made.push_back(std::move(each));
    }
  }
  std::vector<aev_event> raw;
  for (const sdk::FakeEvent& each : made) {
    aev_event out{};
    out.seq = each.seq;
    out.time_unix_ns = each.time_unix_ns;
    out.event_type = sdk::str(each.event_type);
    out.debate_id = sdk::str(each.debate_id);
    out.content_type = sdk::str(each.content_type);
    out.data = aev_bytes{each.data.data(), each.data.size()};
    raw.push_back(out);
  }
  std::vector<sdk::Event> events;
  for (const aev_event& each : raw) {
    events.emplace_back(&each);
  }
  CHECK(rollup.apply(events, now_s * kNs).applied == made.size());
  const auto rows = [&](const std::string& of) {
    return rollup.database().integer("SELECT count(*) FROM " + of);
  };
  const auto days = [&](int granularity) {
    return rows("(SELECT DISTINCT bucket / 86400 FROM counts WHERE granularity = " +
                std::to_string(granularity) + ")");
  };
  // Old events count in the coarser granularities only, and begin no debate.
  CHECK(days(0) == 3);
  CHECK(days(1) == 61);
  CHECK(days(2) == 200);
  CHECK(rows("debates") == 101);

  const std::int64_t later = now_s + 30 * kDay;
  while (rollup.remove_old(later)) {
  }
  CHECK(days(0) == 0);
  CHECK(days(1) == 31);
  CHECK(days(2) == 200);
  CHECK(rows("debates") == 71);
  CHECK(rows("debate_agents WHERE debate NOT IN (SELECT id FROM debates)") == 0);
}

TEST_CASE("queries see one state each while events come in") {
  SubscriberFixture fixture;
  fixture.start();
  fixture.deliver({event("vote", "d", "{}", hours_ago(1))});
  std::atomic<bool> done{false};
  std::string fault;
  std::thread reader([&] {
    std::int64_t last = 0;
    while (!done) {
      // Both granularities are written in one transaction.
      const std::string hours = lines_of(fixture.query("counts", R"({"group_by":"none"})"), "rows");
      const std::int64_t now = std::stoll(hours);
      if (now < last) {
        fault = "fewer than before: " + hours;
      }
      last = now;
    }
  });
  for (int i = 0; i < 50; ++i) {
    Events more;
    for (int k = 0; k < 20; ++k) {
      more.push_back(event("vote", "d", "{}", hours_ago(1)));
    }
    fixture.deliver(std::move(more));
  }
  done = true;
  reader.join();
  CHECK(fault.empty());
  CHECK(lines_of(fixture.query("counts", R"({"group_by":"none"})"), "rows") == "1001\n");
}

}  // namespace
}  // namespace aev::analytics
