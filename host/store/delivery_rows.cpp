#include "store/delivery_rows.h"

#include <limits>

#include "store/interval_codec.h"

namespace aev::store {
namespace {

std::int64_t number(std::uint64_t value) {
  return static_cast<std::int64_t>(value);
}

/// The conditions of a filter and what they are bound to, in step.
class Where {
 public:
  void text(const char* condition, const std::string& value) {
    if (!value.empty()) {
      add(condition);
      texts_.emplace_back(++count_, &value);
    }
  }

  void integer(const char* condition, std::int64_t value) {
    add(condition);
    integers_.emplace_back(++count_, value);
  }

  [[nodiscard]] const std::string& sql() const { return sql_; }

  void bind(Statement& statement) const {
    for (const auto& [index, value] : texts_) {
      statement.bind_text(index, *value);
    }
    for (const auto& [index, value] : integers_) {
      statement.bind(index, value);
    }
  }

 private:
  void add(const char* condition) {
    sql_ += sql_.empty() ? " WHERE " : " AND ";
    sql_ += condition;
  }

  std::string sql_;
  int count_ = 0;
  std::vector<std::pair<int, const std::string*>> texts_;
  std::vector<std::pair<int, std::int64_t>> integers_;
};

constexpr std::string_view kDeadLetterTables =
    " FROM dead_letters d JOIN subscribers s ON s.id = d.subscriber LEFT JOIN events e ON e.seq = "
    "d.seq";

Where dead_letter_conditions(const DeadLetterFilter& filter) {
  Where where;
  if (filter.id) {
    where.integer("d.id = ?", *filter.id);
  }
  where.text("s.name = ?", filter.subscriber);
  where.text("e.event_type = ?", filter.event_type);
  where.text("e.debate_id = ?", filter.debate_id);
  if (filter.since_unix_ns) {
    where.integer("d.dead_ns >= ?", *filter.since_unix_ns);
  }
  if (filter.until_unix_ns) {
    where.integer("d.dead_ns < ?", *filter.until_unix_ns);
  }
  if (filter.after_id != 0) {
    where.integer("d.id > ?", filter.after_id);
  }
  return where;
}

std::string limit_clause(std::size_t limit) {
  return limit == 0 ? std::string() : " LIMIT " + std::to_string(limit);
}

}  // namespace

Result<DeliveryWriter> DeliveryWriter::create(Connection& connection) {
  DeliveryWriter writer;
  AEV_ASSIGN(writer.upsert_retry_,
             connection.prepare("INSERT OR REPLACE INTO retries(subscriber, seq, replay, attempts, "
                                "first_attempt_ns, next_at_ns, last_code, last_error) "
                                "VALUES(?,?,?,?,?,?,?,?)"));
  AEV_ASSIGN(
      writer.delete_retry_,
      connection.prepare("DELETE FROM retries WHERE subscriber = ? AND seq = ? AND replay = ?"));
  AEV_ASSIGN(writer.add_dead_letter_,
             connection.prepare(
                 "INSERT INTO dead_letters(subscriber, seq, replay, reason, attempts, last_code, "
                 "last_error, first_attempt_ns, last_attempt_ns, dead_ns, expires_ns) "
                 "VALUES(?,?,?,?,?,?,?,?,?,?,?)"));
  AEV_ASSIGN(
      writer.trim_dead_letters_,
      connection.prepare(
          "DELETE FROM dead_letters WHERE id IN (SELECT id FROM dead_letters WHERE "
          "subscriber = ?1 ORDER BY id LIMIT max(0, (SELECT count(*) FROM dead_letters WHERE "
          "subscriber = ?1) - ?2))"));
  AEV_ASSIGN(writer.set_cursor_,
             connection.prepare("UPDATE subscribers SET cursor = ?, settled = ? WHERE id = ?"));
  AEV_ASSIGN(writer.add_attempt_,
             connection.prepare(
                 "INSERT INTO attempts(subscriber, seq, attempt, replay, started_ns, duration_ns, "
                 "outcome, code, error) VALUES(?,?,?,?,?,?,?,?,?)"));
  AEV_ASSIGN(writer.set_status_,
             connection.prepare("UPDATE subscribers SET status = ?, reason = ? WHERE id = ?"));
  AEV_ASSIGN(writer.upsert_replay_,
             connection.prepare(
                 "INSERT OR REPLACE INTO replays(id, subscriber, next_seq, last_seq, filter, "
                 "per_second, scheduled, created_ns, done) VALUES(?,?,?,?,?,?/1000.0,?,?,?)"));
  AEV_ASSIGN(writer.set_state_,
             connection.prepare(
                 "INSERT OR REPLACE INTO plugin_state(subscriber, key, value) VALUES(?,?,?)"));
  AEV_ASSIGN(writer.remove_state_,
             connection.prepare("DELETE FROM plugin_state WHERE subscriber = ? AND key = ?"));
  return writer;
}

Result<void> DeliveryWriter::apply(const DeliveryChanges& changes) {
  for (const RetryRecord& retry : changes.upsert_retries) {
    AEV_RETURN_IF_ERROR(upsert_retry_.bind(1, retry.subscriber)
                            .bind(2, number(retry.seq))
                            .bind(3, number(retry.replay))
                            .bind(4, retry.attempts)
                            .bind(5, retry.first_attempt_unix_ns)
                            .bind(6, retry.next_at_unix_ns)
                            .bind(7, retry.last_code)
                            .bind_text(8, retry.last_error)
                            .run());
  }
  for (const RetryKey& key : changes.delete_retries) {
    AEV_RETURN_IF_ERROR(delete_retry_.bind(1, key.subscriber)
                            .bind(2, number(key.seq))
                            .bind(3, number(key.replay))
                            .run());
  }
  AEV_RETURN_IF_ERROR(apply_dead_letters(changes));
  for (const CursorChange& change : changes.cursors) {
    const std::string settled = encode_ranges(change.cursor, change.settled);
    AEV_RETURN_IF_ERROR(set_cursor_.bind(1, number(change.cursor))
                            .bind_blob(2, settled)
                            .bind(3, change.subscriber)
                            .run());
  }
  for (const AttemptRecord& attempt : changes.attempts) {
    AEV_RETURN_IF_ERROR(add_attempt_.bind(1, attempt.subscriber)
                            .bind(2, number(attempt.seq))
                            .bind(3, attempt.attempt)
                            .bind(4, number(attempt.replay))
                            .bind(5, attempt.started_unix_ns)
                            .bind(6, attempt.duration_ns)
                            .bind(7, attempt.outcome)
                            .bind(8, attempt.code)
                            .bind_text(9, attempt.error)
                            .run());
  }
  for (const StatusChange& change : changes.statuses) {
    AEV_RETURN_IF_ERROR(set_status_.bind(1, static_cast<std::int64_t>(change.status))
                            .bind_text(2, change.reason)
                            .bind(3, change.subscriber)
                            .run());
  }
  for (const ReplayRecord& replay : changes.upsert_replays) {
    AEV_RETURN_IF_ERROR(upsert_replay_.bind(1, number(replay.id))
                            .bind(2, replay.subscriber)
                            .bind(3, number(replay.next_seq))
                            .bind(4, number(replay.last_seq))
                            .bind_text(5, replay.filter_json)
                            .bind(6, static_cast<std::int64_t>(replay.per_second * 1000))
                            .bind(7, number(replay.scheduled))
                            .bind(8, replay.created_unix_ns)
                            .bind(9, replay.done ? 1 : 0)
                            .run());
  }
  for (const StateChange& state : changes.states) {
    if (state.value) {
      AEV_RETURN_IF_ERROR(set_state_.bind(1, state.subscriber)
                              .bind_text(2, state.key)
                              .bind_blob(3, *state.value)
                              .run());
    } else {
      AEV_RETURN_IF_ERROR(remove_state_.bind(1, state.subscriber).bind_text(2, state.key).run());
    }
  }
  return {};
}

Result<void> DeliveryWriter::apply_dead_letters(const DeliveryChanges& changes) {
  for (const DeadLetterRecord& dead : changes.add_dead_letters) {
    AEV_RETURN_IF_ERROR(add_dead_letter_.bind(1, dead.subscriber)
                            .bind(2, number(dead.seq))
                            .bind(3, number(dead.replay))
                            .bind(4, static_cast<std::int64_t>(dead.reason))
                            .bind(5, dead.attempts)
                            .bind(6, dead.last_code)
                            .bind_text(7, dead.last_error)
                            .bind(8, dead.first_attempt_unix_ns)
                            .bind(9, dead.last_attempt_unix_ns)
                            .bind(10, dead.dead_unix_ns)
                            .bind(11, dead.expires_unix_ns)
                            .run());
  }
  for (const auto& [subscriber, most] : changes.max_dead_letters) {
    AEV_RETURN_IF_ERROR(trim_dead_letters_.bind(1, subscriber).bind(2, number(most)).run());
  }
  return {};
}

Result<std::map<std::string, std::string>> read_state(Connection& connection,
                                                      SubscriberId subscriber) {
  AEV_ASSIGN(Statement rows,
             connection.prepare("SELECT key, value FROM plugin_state WHERE subscriber = ?"));
  rows.bind(1, subscriber);
  std::map<std::string, std::string> state;
  while (true) {
    AEV_ASSIGN(const bool row, rows.step());
    if (!row) {
      return state;
    }
    state.emplace(rows.bytes(0), rows.bytes(1));
  }
}

Result<std::vector<SubscriberRecord>> read_subscribers(Connection& connection) {
  AEV_ASSIGN(Statement rows,
             connection.prepare(
                 "SELECT id, name, cursor, settled, status, reason FROM subscribers ORDER BY id"));
  std::vector<SubscriberRecord> records;
  while (true) {
    AEV_ASSIGN(const bool row, rows.step());
    if (!row) {
      return records;
    }
    SubscriberRecord record;
    record.id = static_cast<SubscriberId>(rows.integer(0));
    record.name = rows.bytes(1);
    record.cursor = static_cast<Seq>(rows.integer(2));
    AEV_ASSIGN(record.settled, decode_ranges(record.cursor, rows.bytes(3)));
    record.status = static_cast<SubscriberStatus>(rows.integer(4));
    record.status_reason = rows.bytes(5);
    records.push_back(std::move(record));
  }
}

Result<SubscriberRecord> insert_subscriber(Connection& connection,
                                           std::string_view name,
                                           Seq cursor) {
  AEV_ASSIGN(Statement insert,
             connection.prepare("INSERT INTO subscribers(name, cursor, settled, status, reason) "
                                "VALUES(?, ?, x'', 0, '')"));
  AEV_RETURN_IF_ERROR(insert.bind_text(1, name).bind(2, number(cursor)).run());
  SubscriberRecord record;
  record.id = static_cast<SubscriberId>(connection.last_insert_rowid());
  record.name = name;
  record.cursor = cursor;
  return record;
}

Result<void> delete_subscriber(Connection& connection, std::string_view name) {
  AEV_ASSIGN(Statement find, connection.prepare("SELECT id FROM subscribers WHERE name = ?"));
  AEV_ASSIGN(const bool known, find.bind_text(1, name).step());
  if (!known) {
    return Error{
        ErrorCode::kNotFound, "there is no subscriber named '" + std::string(name) + "'", {}};
  }
  const std::int64_t id = find.integer(0);
  find.reset();
  for (const char* table : {"retries", "dead_letters", "attempts", "replays", "plugin_state"}) {
    AEV_ASSIGN(Statement remove,
               connection.prepare("DELETE FROM " + std::string(table) + " WHERE subscriber = ?"));
    AEV_RETURN_IF_ERROR(remove.bind(1, id).run());
  }
  AEV_ASSIGN(Statement remove, connection.prepare("DELETE FROM subscribers WHERE id = ?"));
  return remove.bind(1, id).run();
}

Result<std::vector<RetryRecord>> read_retries(Connection& connection,
                                              SubscriberId subscriber,
                                              std::size_t limit) {
  AEV_ASSIGN(Statement rows,
             connection.prepare("SELECT seq, replay, attempts, first_attempt_ns, next_at_ns, "
                                "last_code, last_error FROM retries WHERE subscriber = ? "
                                "ORDER BY next_at_ns, seq" +
                                limit_clause(limit)));
  rows.bind(1, subscriber);
  std::vector<RetryRecord> records;
  while (true) {
    AEV_ASSIGN(const bool row, rows.step());
    if (!row) {
      return records;
    }
    RetryRecord record;
    record.subscriber = subscriber;
    record.seq = static_cast<Seq>(rows.integer(0));
    record.replay = static_cast<std::uint64_t>(rows.integer(1));
    record.attempts = static_cast<std::uint32_t>(rows.integer(2));
    record.first_attempt_unix_ns = rows.integer(3);
    record.next_at_unix_ns = rows.integer(4);
    record.last_code = static_cast<std::int32_t>(rows.integer(5));
    record.last_error = rows.bytes(6);
    records.push_back(std::move(record));
  }
}

Result<std::vector<DeadLetterRecord>> read_dead_letters(Connection& connection,
                                                        const DeadLetterFilter& filter) {
  const Where where = dead_letter_conditions(filter);
  AEV_ASSIGN(Statement rows,
             connection.prepare(
                 "SELECT d.id, d.subscriber, s.name, d.seq, e.id, e.event_type, e.debate_id, "
                 "d.replay, d.reason, d.attempts, d.last_code, d.last_error, d.first_attempt_ns, "
                 "d.last_attempt_ns, d.dead_ns, d.expires_ns" +
                 std::string(kDeadLetterTables) + where.sql() + " ORDER BY d.id" +
                 limit_clause(filter.limit)));
  where.bind(rows);
  std::vector<DeadLetterRecord> records;
  while (true) {
    AEV_ASSIGN(const bool row, rows.step());
    if (!row) {
      return records;
    }
    DeadLetterRecord record;
    record.id = rows.integer(0);
    record.subscriber = static_cast<SubscriberId>(rows.integer(1));
    record.subscriber_name = rows.bytes(2);
    record.seq = static_cast<Seq>(rows.integer(3));
    record.event_id = rows.bytes(4);
    record.event_type = rows.bytes(5);
    record.debate_id = rows.bytes(6);
    record.replay = static_cast<std::uint64_t>(rows.integer(7));
    record.reason = static_cast<DeadReason>(rows.integer(8));
    record.attempts = static_cast<std::uint32_t>(rows.integer(9));
    record.last_code = static_cast<std::int32_t>(rows.integer(10));
    record.last_error = rows.bytes(11);
    record.first_attempt_unix_ns = rows.integer(12);
    record.last_attempt_unix_ns = rows.integer(13);
    record.dead_unix_ns = rows.integer(14);
    record.expires_unix_ns = rows.integer(15);
    records.push_back(std::move(record));
  }
}

Result<std::uint64_t> count_dead_letter_rows(Connection& connection,
                                             const DeadLetterFilter& filter) {
  const Where where = dead_letter_conditions(filter);
  // Without conditions on the event or the name there is no need to join.
  const std::string tables =
      where.sql().empty() ? " FROM dead_letters d" : std::string(kDeadLetterTables);
  AEV_ASSIGN(Statement rows, connection.prepare("SELECT count(*)" + tables + where.sql()));
  where.bind(rows);
  AEV_ASSIGN(const bool row, rows.step());
  return row ? static_cast<std::uint64_t>(rows.integer(0)) : 0;
}

Result<void> delete_dead_letter(Connection& connection, std::int64_t id) {
  AEV_ASSIGN(Statement remove, connection.prepare("DELETE FROM dead_letters WHERE id = ?"));
  return remove.bind(1, id).run();
}

Result<std::vector<AttemptRecord>> read_attempts(Connection& connection,
                                                 const AttemptFilter& filter) {
  Where where;
  where.text("a.subscriber = (SELECT id FROM subscribers WHERE name = ?)", filter.subscriber);
  if (filter.seq) {
    where.integer("a.seq = ?", number(*filter.seq));
  }
  if (filter.outcome) {
    where.integer("a.outcome = ?", *filter.outcome);
  }
  if (filter.before_row != 0) {
    where.integer("a.row < ?", filter.before_row);
  }
  AEV_ASSIGN(Statement rows,
             connection.prepare("SELECT a.subscriber, a.seq, e.id, a.attempt, a.replay, "
                                "a.started_ns, a.duration_ns, a.outcome, a.code, a.error "
                                "FROM attempts a LEFT JOIN events e ON e.seq = a.seq" +
                                where.sql() + " ORDER BY a.row DESC" + limit_clause(filter.limit)));
  where.bind(rows);
  std::vector<AttemptRecord> records;
  while (true) {
    AEV_ASSIGN(const bool row, rows.step());
    if (!row) {
      return records;
    }
    AttemptRecord record;
    record.subscriber = static_cast<SubscriberId>(rows.integer(0));
    record.seq = static_cast<Seq>(rows.integer(1));
    record.event_id = rows.bytes(2);
    record.attempt = static_cast<std::uint32_t>(rows.integer(3));
    record.replay = static_cast<std::uint64_t>(rows.integer(4));
    record.started_unix_ns = rows.integer(5);
    record.duration_ns = rows.integer(6);
    record.outcome = static_cast<std::uint8_t>(rows.integer(7));
    record.code = static_cast<std::int32_t>(rows.integer(8));
    record.error = rows.bytes(9);
    records.push_back(std::move(record));
  }
}

Result<std::vector<ReplayRecord>> read_replays(Connection& connection) {
  AEV_ASSIGN(Statement rows,
             connection.prepare("SELECT id, subscriber, next_seq, last_seq, filter, "
                                "CAST(per_second * 1000 AS INTEGER), scheduled, created_ns, done "
                                "FROM replays ORDER BY id"));
  std::vector<ReplayRecord> records;
  while (true) {
    AEV_ASSIGN(const bool row, rows.step());
    if (!row) {
      return records;
    }
    ReplayRecord record;
    record.id = static_cast<std::uint64_t>(rows.integer(0));
    record.subscriber = static_cast<SubscriberId>(rows.integer(1));
    record.next_seq = static_cast<Seq>(rows.integer(2));
    record.last_seq = static_cast<Seq>(rows.integer(3));
    record.filter_json = rows.bytes(4);
    record.per_second = static_cast<double>(rows.integer(5)) / 1000;
    record.scheduled = static_cast<std::uint64_t>(rows.integer(6));
    record.created_unix_ns = rows.integer(7);
    record.done = rows.integer(8) != 0;
    records.push_back(std::move(record));
  }
}

}  // namespace aev::store
