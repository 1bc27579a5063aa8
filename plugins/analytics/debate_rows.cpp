#include "debate_rows.h"

#include <limits>

namespace aev::analytics {
namespace {

constexpr const char* kSelect = R"(
SELECT * FROM (
  SELECT id, debate_id, coalesce(started_ns, first_ns) AS start_ns, started_ns, ended_ns, last_ns,
    task, domain, protocol, winner, planned_rounds,
    coalesce(end_consensus, consensus) AS reached, coalesce(end_confidence, confidence) AS sureness,
    coalesce(rounds_used, last_round) AS rounds, duration_s,
    (SELECT count(*) FROM debate_agents WHERE debate = debates.id AND is_agent) AS agents,
    events, messages, critiques, votes, errors,
    CASE WHEN ended_ns IS NOT NULL THEN coalesce(failure, '') ELSE coalesce(fatal_error, '') END
      AS why,
    CASE WHEN ended_ns IS NOT NULL AND coalesce(failure, '') = '' THEN 'completed'
         WHEN ended_ns IS NOT NULL OR coalesce(fatal_error, '') <> '' THEN 'failed'
         ELSE 'running' END AS outcome
  FROM debates
  WHERE debate_events > 0 AND last_ns >= ?1
    AND coalesce(started_ns, first_ns) >= ?2 AND coalesce(started_ns, first_ns) < ?3
    AND (?4 = '' OR debate_id = ?4) AND (?5 = '' OR coalesce(domain, 'unknown') = ?5)
    AND (?6 = '' OR coalesce(protocol, 'unknown') = ?6))
WHERE ?7 = '' OR outcome = ?7
ORDER BY start_ns DESC, debate_id LIMIT ?8)";

}  // namespace

void for_each_debate(Database& database,
                     const DebateFilter& filter,
                     const std::function<void(const DebateRow&)>& take) {
  constexpr std::int64_t kFirst = std::numeric_limits<std::int64_t>::min();
  Statement rows = database.prepare(kSelect);
  rows.bind(1, filter.first_ns.value_or(kFirst))
      .bind(2, filter.period.since_ns.value_or(kFirst))
      .bind(3, filter.period.until_ns.value_or(std::numeric_limits<std::int64_t>::max()))
      .bind(4, std::string_view(filter.debate_id))
      .bind(5, std::string_view(filter.domain))
      .bind(6, std::string_view(filter.protocol))
      .bind(7, std::string_view(filter.outcome))
      .bind(8, filter.limit);
  while (rows.step()) {
    DebateRow row;
    row.id = rows.integer(0);
    row.debate_id = std::string(rows.text(1));
    row.start_ns = rows.integer(2);
    const auto started_ns = rows.maybe_integer(3);
    row.ended_ns = rows.maybe_integer(4);
    row.last_ns = rows.integer(5);
    row.task = rows.maybe_text(6);
    row.domain = rows.maybe_text(7);
    row.protocol = rows.maybe_text(8);
    row.winner = rows.maybe_text(9);
    row.planned_rounds = rows.maybe_integer(10);
    if (const auto reached = rows.maybe_integer(11)) {
      row.consensus = *reached != 0;
    }
    row.confidence = rows.maybe_real(12);
    row.rounds = rows.integer(13);
    row.duration_s = rows.maybe_real(14);
    if (!row.duration_s && started_ns && row.ended_ns && *row.ended_ns >= *started_ns) {
      row.duration_s = static_cast<double>(*row.ended_ns - *started_ns) / 1e9;
    }
    row.agents = rows.integer(15);
    row.events = rows.integer(16);
    row.messages = rows.integer(17);
    row.critiques = rows.integer(18);
    row.votes = rows.integer(19);
    row.errors = rows.integer(20);
    row.failure = std::string(rows.text(21));
    row.outcome = std::string(rows.text(22));
    take(row);
  }
}

}  // namespace aev::analytics
