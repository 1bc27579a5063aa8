#include "rollup_rows.h"

#include <algorithm>
#include <array>
#include <cstring>
#include <map>
#include <utility>

namespace aev::analytics {
namespace {

constexpr std::size_t kMaxKnownAgents = 100'000;

/// The columns of `debates` that hold the facts, in the order of Fact.
constexpr const char* kFactColumns =
    "task, domain, protocol, planned_rounds, end_consensus, end_confidence, rounds_used, "
    "duration_s, winner, failure, consensus, confidence, fatal_error, fact_seqs";

std::string insert_debate_sql() {
  return std::string(
             "INSERT INTO debates(first_ns, last_ns, started_ns, ended_ns, events, debate_events, "
             "messages, critiques, votes, errors, last_round, ") +
         kFactColumns +
         ", debate_id) VALUES(?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, "
         "?16, ?17, ?18, ?19, ?20, ?21, ?22, ?23, ?24, ?25, ?26)";
}

std::string update_debate_sql() {
  return std::string(
             "UPDATE debates SET (first_ns, last_ns, started_ns, ended_ns, events, debate_events, "
             "messages, critiques, votes, errors, last_round, ") +
         kFactColumns +
         ") = (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17, ?18, "
         "?19, ?20, ?21, ?22, ?23, ?24, ?25) WHERE id = ?26";
}

constexpr int kFirstFactParameter = 12;

using Orders = std::array<std::uint64_t, kFactCount>;

/// Reads a row of read_debate_ into `out`.
void read_row(const Statement& row, DebateTally& out) {
  out.first_ns = row.integer(1);
  out.last_ns = row.integer(2);
  out.started_ns = row.maybe_integer(3);
  out.ended_ns = row.maybe_integer(4);
  out.events = row.integer(5);
  out.debate_events = row.integer(6);
  out.messages = row.integer(7);
  out.critiques = row.integer(8);
  out.votes = row.integer(9);
  out.errors = row.integer(10);
  out.last_round = row.integer(11);
  Orders orders{};
  const std::string_view blob = row.text(25);
  std::memcpy(orders.data(), blob.data(), std::min(blob.size(), sizeof orders));
  for (std::size_t i = 0; i < kFactCount; ++i) {
    const int column = kFirstFactParameter + static_cast<int>(i);
    if (orders[i] == 0) {
      continue;
    }
    FactValue value;
    switch (static_cast<Fact>(i)) {
      case Fact::kPlannedRounds:
      case Fact::kEndConsensus:
      case Fact::kRoundsUsed:
      case Fact::kConsensus:
        value = row.integer(column);
        break;
      case Fact::kEndConfidence:
      case Fact::kDuration:
      case Fact::kConfidence:
        value = row.real(column);
        break;
      default:
        value = std::string(row.text(column));
        break;
    }
    out.facts[i] = {orders[i], std::move(value)};
  }
}

void merge(const DebateTally& from, DebateTally& into) {
  into.first_ns = std::min(into.first_ns, from.first_ns);
  into.last_ns = std::max(into.last_ns, from.last_ns);
  if (from.started_ns) {
    into.started_ns = std::min(into.started_ns.value_or(*from.started_ns), *from.started_ns);
  }
  if (from.ended_ns) {
    into.ended_ns = std::max(into.ended_ns.value_or(*from.ended_ns), *from.ended_ns);
  }
  into.events += from.events;
  into.debate_events += from.debate_events;
  into.messages += from.messages;
  into.critiques += from.critiques;
  into.votes += from.votes;
  into.errors += from.errors;
  into.last_round = std::max(into.last_round, from.last_round);
  into.facts.merge(from.facts);
}

/// Binds parameters 1 to 25; `orders` must live until the statement has run.
void bind_debate(Statement& to, const DebateTally& debate, Orders& orders) {
  to.bind(1, debate.first_ns)
      .bind(2, debate.last_ns)
      .bind(3, debate.started_ns)
      .bind(4, debate.ended_ns)
      .bind(5, debate.events)
      .bind(6, debate.debate_events)
      .bind(7, debate.messages)
      .bind(8, debate.critiques)
      .bind(9, debate.votes)
      .bind(10, debate.errors)
      .bind(11, debate.last_round);
  for (std::size_t i = 0; i < kFactCount; ++i) {
    const DebateFacts::Slot& slot = debate.facts[i];
    const int parameter = kFirstFactParameter + static_cast<int>(i);
    orders[i] = slot.order;
    if (const auto* integer = std::get_if<std::int64_t>(&slot.value)) {
      to.bind(parameter, *integer);
    } else if (const auto* real = std::get_if<double>(&slot.value)) {
      to.bind(parameter, *real);
    } else if (const auto* text = std::get_if<std::string>(&slot.value)) {
      to.bind(parameter, std::string_view(*text));
    } else {
      to.bind_null(parameter);
    }
  }
  to.bind_blob(kFirstFactParameter + static_cast<int>(kFactCount),
               std::string_view(reinterpret_cast<const char*>(orders.data()), sizeof orders));
}

/// Calls `write(granularity, bucket, sum)` for each granularity that keeps the minutes' figures.
template <typename T, typename Add, typename Write>
void fold(const Tally::ByMinute<T>& minutes,
          const Retention& retention,
          std::int64_t now_s,
          const Add& add,
          const Write& write) {
  for (const Granularity granularity : kGranularities) {
    const auto first = retention.first_bucket(granularity, now_s);
    std::map<std::int64_t, T> sums;  // in order: neighbours lie on one page
    for (const auto& [minute, value] : minutes) {
      const std::int64_t bucket = bucket_of(minute, seconds_of(granularity));
      if (!first || bucket >= *first) {
        add(sums[bucket], value);
      }
    }
    for (const auto& [bucket, sum] : sums) {
      write(static_cast<std::int64_t>(granularity), bucket, sum);
    }
  }
}

}  // namespace

RollupRows::RollupRows(Database& database)
    : database_(database),
      add_count_(database.prepare(
          "INSERT INTO counts(granularity, bucket, event_type, events) VALUES(?, ?, ?, ?) "
          "ON CONFLICT DO UPDATE SET events = events + excluded.events")),
      add_agent_(database.prepare("INSERT INTO agents(name) VALUES(?) ON CONFLICT DO NOTHING")),
      add_agent_count_(database.prepare(
          "INSERT INTO agent_counts(granularity, bucket, name, messages, critiques, votes_cast, "
          "votes_received, errors) VALUES(?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO UPDATE SET "
          "messages = messages + excluded.messages, critiques = critiques + excluded.critiques, "
          "votes_cast = votes_cast + excluded.votes_cast, "
          "votes_received = votes_received + excluded.votes_received, "
          "errors = errors + excluded.errors")),
      read_debate_(database.prepare(
          std::string("SELECT id, first_ns, last_ns, started_ns, ended_ns, events, debate_events, "
                      "messages, critiques, votes, errors, last_round, ") +
          kFactColumns + " FROM debates WHERE debate_id = ?")),
      insert_debate_(database.prepare(insert_debate_sql())),
      update_debate_(database.prepare(update_debate_sql())),
      add_name_(database.prepare(
          "INSERT INTO debate_agents(debate, name, is_agent, messages, critiques, votes_cast, "
          "votes_received, errors) VALUES(?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO UPDATE SET "
          "is_agent = max(is_agent, excluded.is_agent), "
          "messages = messages + excluded.messages, critiques = critiques + excluded.critiques, "
          "votes_cast = votes_cast + excluded.votes_cast, "
          "votes_received = votes_received + excluded.votes_received, "
          "errors = errors + excluded.errors")) {}

void RollupRows::add(const Tally& tally, const Retention& retention, std::int64_t now_s) {
  add_counts(tally, retention, now_s);
  add_agents(tally, retention, now_s);
  for (const auto& [debate_id, added] : tally.debates()) {
    add_debate(debate_id, added);
  }
}

void RollupRows::add_counts(const Tally& tally, const Retention& retention, std::int64_t now_s) {
  for (const auto& [event_type, minutes] : tally.counts()) {
    fold(
        minutes, retention, now_s, [](std::int64_t& sum, std::int64_t more) { sum += more; },
        [&, &type = event_type](std::int64_t granularity, std::int64_t bucket,
                                std::int64_t events) {
          add_count_.bind(1, granularity)
              .bind(2, bucket)
              .bind(3, std::string_view(type))
              .bind(4, events)
              .run();
        });
  }
}

void RollupRows::add_agents(const Tally& tally, const Retention& retention, std::int64_t now_s) {
  if (known_agents_.size() > kMaxKnownAgents) {
    known_agents_.clear();
  }
  for (const std::string& name : tally.known_agents()) {
    if (known_agents_.insert(name).second) {
      add_agent_.bind(1, std::string_view(name)).run();
    }
  }
  for (const auto& [name, minutes] : tally.agents()) {
    fold(
        minutes, retention, now_s,
        [](AgentTally& sum, const AgentTally& more) {
          sum.messages += more.messages;
          sum.critiques += more.critiques;
          sum.votes_cast += more.votes_cast;
          sum.votes_received += more.votes_received;
          sum.errors += more.errors;
        },
        [&, &who = name](std::int64_t granularity, std::int64_t bucket, const AgentTally& sum) {
          add_agent_count_.bind(1, granularity)
              .bind(2, bucket)
              .bind(3, std::string_view(who))
              .bind(4, sum.messages)
              .bind(5, sum.critiques)
              .bind(6, sum.votes_cast)
              .bind(7, sum.votes_received)
              .bind(8, sum.errors)
              .run();
        });
  }
}

void RollupRows::add_debate(const std::string& debate_id, const DebateTally& added) {
  DebateTally merged;
  read_debate_.bind(1, std::string_view(debate_id));
  const bool known = read_debate_.step();
  const std::int64_t old_id = known ? read_debate_.integer(0) : 0;
  if (known) {
    read_row(read_debate_, merged);
  }
  read_debate_.reset();
  merge(added, merged);

  Orders orders{};
  if (known) {
    bind_debate(update_debate_, merged, orders);
    update_debate_.bind(26, old_id).run();
    add_names(old_id, added);
  } else {
    bind_debate(insert_debate_, merged, orders);
    insert_debate_.bind(26, std::string_view(debate_id)).run();
    add_names(database_.last_insert_rowid(), added);
  }
}

void RollupRows::add_names(std::int64_t debate, const DebateTally& added) {
  for (const auto& [name, sum] : added.names) {
    add_name_.bind(1, debate)
        .bind(2, std::string_view(name))
        .bind(3, std::int64_t{sum.is_agent ? 1 : 0})
        .bind(4, sum.messages)
        .bind(5, sum.critiques)
        .bind(6, sum.votes_cast)
        .bind(7, sum.votes_received)
        .bind(8, sum.errors)
        .run();
  }
}

}  // namespace aev::analytics
