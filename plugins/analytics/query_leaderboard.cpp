#include <limits>
#include <string>

#include "answer_table.h"
#include "database.h"
#include "queries.h"
#include "query_parameters.h"
#include "rollup_file.h"

namespace aev::analytics {
namespace {

/// Sums over the debates that started in the period. Votes for a name count as won where an agent
/// of that name took part in the debate.
constexpr const char* kSelect = R"(
WITH chosen AS MATERIALIZED (
  SELECT id, winner FROM debates
  WHERE debate_events > 0 AND last_ns >= ?1
    AND coalesce(started_ns, first_ns) >= ?2 AND coalesce(started_ns, first_ns) < ?3
    AND (?4 = '' OR coalesce(domain, 'unknown') = ?4)
    AND (?5 = '' OR coalesce(protocol, 'unknown') = ?5))
SELECT name, count(*) AS debates, sum(messages) AS messages, sum(critiques) AS critiques,
  sum(votes_cast) AS votes_cast, sum(votes_received) AS votes_won,
  sum(winner IS NOT NULL AND winner = name) AS wins,
  sum(winner IS NOT NULL AND winner = name) * 1.0 / count(*) AS win_rate, sum(errors) AS errors
FROM debate_agents JOIN chosen ON chosen.id = debate_agents.debate
WHERE is_agent GROUP BY name ORDER BY )";

}  // namespace

void query_leaderboard(const QueryContext& context,
                       std::string_view parameters,
                       sdk::Answer& answer) {
  const QueryParameters given(
      parameters, {"since", "until", "period", "domain", "protocol", "sort", "limit", "format"});
  const Period period = given.period(context.now_ns);
  const std::string sort = given.choice("sort", {"wins", "votes_won", "messages", "critiques",
                                                 "votes_cast", "debates", "win_rate", "errors"});
  const std::int64_t limit = given.number("limit", 20, 1, 10'000);
  const bool csv = given.csv();
  const auto first_ns = context.options.retention.first_debate_ns(seconds_of_ns(context.now_ns));
  constexpr std::int64_t kFirst = std::numeric_limits<std::int64_t>::min();

  const auto database = open_for_reading(context.options.file);
  Statement rows = database->prepare(kSelect + sort + " DESC, name LIMIT ?6");
  rows.bind(1, first_ns.value_or(kFirst))
      .bind(2, period.since_ns.value_or(kFirst))
      .bind(3, period.until_ns.value_or(std::numeric_limits<std::int64_t>::max()))
      .bind(4, std::string_view(given.text("domain")))
      .bind(5, std::string_view(given.text("protocol")))
      .bind(6, limit);
  AnswerTable table{{"rank", "agent", "debates", "messages", "critiques", "votes_cast", "votes_won",
                     "wins", "win_rate", "errors"},
                    {}};
  while (rows.step()) {
    table.rows.push_back({static_cast<std::int64_t>(table.rows.size()) + 1,
                          std::string(rows.text(0)), rows.integer(1), rows.integer(2),
                          rows.integer(3), rows.integer(4), rows.integer(5), rows.integer(6),
                          rows.real(7), rows.integer(8)});
  }
  if (csv) {
    write_csv(table, answer);
    return;
  }
  auto document = new_object();
  document->set("period_start", time_cell(period.since_ns));
  document->set("period_end", time_cell(period.until_ns));
  document->set("sort", sort);
  document->set("agents", table.json());
  write_json(*document, answer);
}

}  // namespace aev::analytics
