#include <algorithm>
#include <cmath>
#include <map>
#include <numeric>
#include <string>
#include <vector>

#include "answer_table.h"
#include "debate_rows.h"
#include "queries.h"
#include "rollup_file.h"

namespace aev::analytics {
namespace {

/// The figures of a set of debates.
struct DebateStats {
  std::int64_t total = 0;
  std::int64_t completed = 0;
  std::int64_t failed = 0;
  std::int64_t running = 0;
  std::int64_t consensus = 0;
  std::int64_t agents = 0;
  std::int64_t messages = 0;
  std::int64_t critiques = 0;
  std::int64_t votes = 0;
  std::vector<double> rounds;     ///< of completed debates
  std::vector<double> durations;  ///< of completed debates, where it is known

  void add(const DebateRow& debate) {
    ++total;
    agents += debate.agents;
    messages += debate.messages;
    critiques += debate.critiques;
    votes += debate.votes;
    if (debate.outcome == "running") {
      ++running;
    } else if (debate.outcome == "failed") {
      ++failed;
    } else {
      ++completed;
      consensus += debate.consensus.value_or(false) ? 1 : 0;
      rounds.push_back(static_cast<double>(debate.rounds));
      if (debate.duration_s) {
        durations.push_back(*debate.duration_s);
      }
    }
  }
};

Cell ratio(std::int64_t part, std::int64_t whole) {
  return whole == 0 ? Cell() : Cell(static_cast<double>(part) / static_cast<double>(whole));
}

/// Of sorted values: their sum is the same whatever the order in which they came.
Cell mean(const std::vector<double>& sorted) {
  return sorted.empty() ? Cell()
                        : Cell(std::accumulate(sorted.begin(), sorted.end(), 0.0) /
                               static_cast<double>(sorted.size()));
}

/// The nearest rank: the smallest value that at least p percent of the values do not exceed.
Cell percentile(const std::vector<double>& sorted, double p) {
  if (sorted.empty()) {
    return {};
  }
  const double rank = std::ceil(p / 100 * static_cast<double>(sorted.size()));
  return sorted[static_cast<std::size_t>(std::max(rank, 1.0)) - 1];
}

const std::vector<std::string>& columns() {
  static const std::vector<std::string> kColumns{
      "total_debates",        "completed_debates",    "failed_debates",
      "running_debates",      "consensus_reached",    "consensus_rate",
      "avg_rounds",           "p50_rounds",           "p90_rounds",
      "p95_rounds",           "avg_duration_seconds", "p50_duration_seconds",
      "p90_duration_seconds", "p95_duration_seconds", "avg_agents_per_debate",
      "total_messages",       "total_critiques",      "total_votes"};
  return kColumns;
}

std::vector<Cell> cells(DebateStats& stats) {
  std::sort(stats.rounds.begin(), stats.rounds.end());
  std::sort(stats.durations.begin(), stats.durations.end());
  return {stats.total,
          stats.completed,
          stats.failed,
          stats.running,
          stats.consensus,
          ratio(stats.consensus, stats.completed),
          mean(stats.rounds),
          percentile(stats.rounds, 50),
          percentile(stats.rounds, 90),
          percentile(stats.rounds, 95),
          mean(stats.durations),
          percentile(stats.durations, 50),
          percentile(stats.durations, 90),
          percentile(stats.durations, 95),
          ratio(stats.agents, stats.total),
          stats.messages,
          stats.critiques,
          stats.votes};
}

Poco::JSON::Object::Ptr object_of(DebateStats& stats) {
  auto object = new_object();
  const std::vector<Cell> values = cells(stats);
  for (std::size_t i = 0; i < values.size(); ++i) {
    object->set(columns()[i], values[i]);
  }
  return object;
}

void add_lines(AnswerTable& table, const char* group, const std::string& key, DebateStats& stats) {
  std::vector<Cell> line{std::string(group), key};
  const std::vector<Cell> values = cells(stats);
  line.insert(line.end(), values.begin(), values.end());
  table.rows.push_back(std::move(line));
}

}  // namespace

void query_debate_stats(const QueryContext& context,
                        std::string_view parameters,
                        sdk::Answer& answer) {
  const QueryParameters given(parameters,
                              {"since", "until", "period", "domain", "protocol", "format"});
  DebateFilter filter;
  filter.period = given.period(context.now_ns);
  filter.domain = given.text("domain");
  filter.protocol = given.text("protocol");
  filter.first_ns = context.options.retention.first_debate_ns(seconds_of_ns(context.now_ns));
  const bool csv = given.csv();
  const auto database = open_for_reading(context.options.file);
  DebateStats all;
  std::map<std::string, DebateStats> by_protocol;
  std::map<std::string, DebateStats> by_domain;
  for_each_debate(*database, filter, [&](const DebateRow& debate) {
    all.add(debate);
    by_protocol[debate.protocol.value_or(std::string(kUnknown))].add(debate);
    by_domain[debate.domain.value_or(std::string(kUnknown))].add(debate);
  });
  if (csv) {
    AnswerTable table;
    table.columns = {"group", "key"};
    table.columns.insert(table.columns.end(), columns().begin(), columns().end());
    add_lines(table, "all", "", all);
    for (auto& [protocol, stats] : by_protocol) {
      add_lines(table, "protocol", protocol, stats);
    }
    for (auto& [domain, stats] : by_domain) {
      add_lines(table, "domain", domain, stats);
    }
    write_csv(table, answer);
    return;
  }
  auto document = object_of(all);
  document->set("period_start", time_cell(filter.period.since_ns));
  document->set("period_end", time_cell(filter.period.until_ns));
  auto protocols = new_object();
  for (auto& [protocol, stats] : by_protocol) {
    protocols->set(protocol, object_of(stats));
  }
  document->set("by_protocol", protocols);
  auto domains = new_object();
  for (auto& [domain, stats] : by_domain) {
    domains->set(domain, object_of(stats));
  }
  document->set("by_domain", domains);
  write_json(*document, answer);
}

}  // namespace aev::analytics
