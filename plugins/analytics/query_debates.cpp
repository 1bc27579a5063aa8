#include <string>

#include "answer_table.h"
#include "debate_rows.h"
#include "queries.h"
#include "rollup_file.h"

namespace aev::analytics {
namespace {

constexpr std::int64_t kMostDebates = 100'000;

AnswerTable debate_table() {
  return {{"debate_id",  "outcome",    "failure",
           "started",    "ended",      "duration_seconds",
           "domain",     "protocol",   "consensus_reached",
           "confidence", "rounds",     "planned_rounds",
           "winner",     "agents",     "messages",
           "critiques",  "votes",      "errors",
           "events",     "last_event", "task"},
          {}};
}

std::vector<Cell> debate_cells(const DebateRow& debate) {
  return {debate.debate_id,
          debate.outcome,
          debate.failure.empty() ? Cell() : Cell(debate.failure),
          time_cell(debate.start_ns),
          time_cell(debate.ended_ns),
          cell(debate.duration_s),
          cell(debate.domain),
          cell(debate.protocol),
          cell(debate.consensus),
          cell(debate.confidence),
          debate.rounds,
          cell(debate.planned_rounds),
          cell(debate.winner),
          debate.agents,
          debate.messages,
          debate.critiques,
          debate.votes,
          debate.errors,
          debate.events,
          time_cell(debate.last_ns),
          cell(debate.task)};
}

AnswerTable agents_of(Database& database, std::int64_t debate) {
  AnswerTable table{{"agent", "messages", "critiques", "votes_cast", "votes_won", "errors"}, {}};
  Statement rows = database.prepare(
      "SELECT name, messages, critiques, votes_cast, votes_received, errors FROM debate_agents "
      "WHERE debate = ? AND is_agent ORDER BY name");
  rows.bind(1, debate);
  while (rows.step()) {
    table.rows.push_back({std::string(rows.text(0)), rows.integer(1), rows.integer(2),
                          rows.integer(3), rows.integer(4), rows.integer(5)});
  }
  return table;
}

AnswerTable votes_of(Database& database, std::int64_t debate) {
  AnswerTable table{{"choice", "votes"}, {}};
  Statement rows = database.prepare(
      "SELECT name, votes_received FROM debate_agents WHERE debate = ? AND votes_received > 0 "
      "ORDER BY votes_received DESC, name");
  rows.bind(1, debate);
  while (rows.step()) {
    table.rows.push_back({std::string(rows.text(0)), rows.integer(1)});
  }
  return table;
}

}  // namespace

void query_debates(const QueryContext& context, std::string_view parameters, sdk::Answer& answer) {
  const QueryParameters given(
      parameters, {"since", "until", "period", "domain", "protocol", "outcome", "limit", "format"});
  DebateFilter filter;
  filter.period = given.period(context.now_ns);
  filter.domain = given.text("domain");
  filter.protocol = given.text("protocol");
  filter.outcome = given.choice("outcome", {"", "completed", "failed", "running"});
  filter.first_ns = context.options.retention.first_debate_ns(seconds_of_ns(context.now_ns));
  filter.limit = given.number("limit", 100, 1, kMostDebates);
  const bool csv = given.csv();
  const auto database = open_for_reading(context.options.file);
  AnswerTable table = debate_table();
  for_each_debate(*database, filter,
                  [&](const DebateRow& debate) { table.rows.push_back(debate_cells(debate)); });
  if (csv) {
    write_csv(table, answer);
    return;
  }
  auto document = new_object();
  document->set("debates", table.json());
  write_json(*document, answer);
}

void query_debate(const QueryContext& context, std::string_view parameters, sdk::Answer& answer) {
  const QueryParameters given(parameters, {"debate_id", "format"});
  DebateFilter filter;
  filter.debate_id = given.text("debate_id");
  filter.first_ns = context.options.retention.first_debate_ns(seconds_of_ns(context.now_ns));
  if (filter.debate_id.empty()) {
    throw sdk::ConfigError("/debate_id", "say which debate: debate_id=…");
  }
  const bool csv = given.csv();
  const auto database = open_for_reading(context.options.file);
  // One state of the file for all that is read.
  database->execute("BEGIN");
  AnswerTable table = debate_table();
  std::int64_t id = 0;
  for_each_debate(*database, filter, [&](const DebateRow& debate) {
    table.rows.push_back(debate_cells(debate));
    id = debate.id;
  });
  if (table.rows.empty()) {
    throw sdk::ConfigError("/debate_id",
                           "no debate '" + filter.debate_id + "' is known, or not any more");
  }
  if (csv) {
    write_csv(table, answer);
    return;
  }
  auto document = new_object();
  for (std::size_t i = 0; i < table.columns.size(); ++i) {
    const bool is_list = table.columns[i] == "agents" || table.columns[i] == "votes";
    document->set(table.columns[i] + (is_list ? "_total" : ""), table.rows[0][i]);
  }
  document->set("agents", agents_of(*database, id).json());
  document->set("votes", votes_of(*database, id).json());
  write_json(*document, answer);
}

}  // namespace aev::analytics
