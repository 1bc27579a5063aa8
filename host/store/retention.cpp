#include "store/retention.h"

#include <algorithm>
#include <vector>

#include "store/dedup_index.h"

namespace aev::store {
namespace {

constexpr std::int64_t kStepRows = 500;
/// Events that something still holds are passed over, so many a step at most.
constexpr std::size_t kStepLooks = 5'000;

struct OldEvent {
  Seq seq = 0;
  std::int64_t id_hash = 0;
  std::int64_t debate_hash = 0;
};

Result<std::uint64_t> delete_dead_letters(Connection& connection, std::int64_t now) {
  AEV_ASSIGN(Statement remove,
             connection.prepare("DELETE FROM dead_letters WHERE id IN (SELECT id FROM dead_letters "
                                "WHERE expires_ns > 0 AND expires_ns <= ? LIMIT ?)"));
  AEV_RETURN_IF_ERROR(remove.bind(1, now).bind(2, kStepRows).run());
  return connection.changes();
}

Result<std::uint64_t> delete_attempts(Connection& connection, std::int64_t oldest) {
  // Rows are in the order of time, so the first that is young enough ends the search.
  AEV_ASSIGN(Statement remove,
             connection.prepare("DELETE FROM attempts WHERE row IN (SELECT row FROM (SELECT row, "
                                "started_ns FROM attempts ORDER BY row LIMIT ?2) "
                                "WHERE started_ns < ?1)"));
  AEV_RETURN_IF_ERROR(remove.bind(1, oldest).bind(2, kStepRows).run());
  return connection.changes();
}

/// Everything up to here is owed to nobody but retries, dead letters and replays.
Result<std::int64_t> settled_floor(Connection& connection, Seq indexed_upto) {
  AEV_ASSIGN(const std::int64_t subscribers,
             connection.query_integer("SELECT count(*) FROM subscribers"));
  std::int64_t floor = static_cast<std::int64_t>(indexed_upto);
  if (subscribers != 0) {
    AEV_ASSIGN(const std::int64_t cursor,
               connection.query_integer("SELECT min(cursor) FROM subscribers"));
    floor = std::min(floor, cursor);
  }
  AEV_ASSIGN(
      const std::int64_t replay,
      connection.query_integer("SELECT ifnull(min(next_seq), 0) FROM replays WHERE done = 0"));
  return replay == 0 ? floor : std::min(floor, replay - 1);
}

Result<std::vector<OldEvent>> find_old_events(Connection& connection, RetentionPass& pass) {
  AEV_ASSIGN(const std::int64_t floor, settled_floor(connection, pass.indexed_upto));
  AEV_ASSIGN(Statement rows,
             connection.prepare("SELECT seq, id, debate_id, received_ns, "
                                "EXISTS(SELECT 1 FROM retries r WHERE r.seq = e.seq) OR "
                                "EXISTS(SELECT 1 FROM dead_letters d WHERE d.seq = e.seq) "
                                "FROM events e WHERE seq > ? AND seq <= ? ORDER BY seq"));
  rows.bind(1, static_cast<std::int64_t>(pass.looked_upto)).bind(2, floor);
  const std::int64_t oldest = pass.now_unix_ns - pass.events.count();
  std::vector<OldEvent> old;
  for (std::size_t looks = 0; old.size() < kStepRows && looks < kStepLooks; ++looks) {
    AEV_ASSIGN(const bool row, rows.step());
    if (!row || rows.integer(3) >= oldest) {
      pass.finished = true;
      break;
    }
    pass.looked_upto = static_cast<Seq>(rows.integer(0));
    if (rows.integer(4) == 0) {
      const std::string_view debate = rows.bytes(2);
      old.push_back({pass.looked_upto, static_cast<std::int64_t>(hash_text(rows.bytes(1))),
                     debate.empty() ? 0 : static_cast<std::int64_t>(hash_text(debate))});
    }
  }
  return old;
}

Result<std::uint64_t> delete_events(Connection& connection, RetentionPass& pass) {
  AEV_ASSIGN(const auto old, find_old_events(connection, pass));
  AEV_ASSIGN(Statement event, connection.prepare("DELETE FROM events WHERE seq = ?"));
  AEV_ASSIGN(Statement id,
             connection.prepare("DELETE FROM event_ids WHERE bucket = ? AND hash = ? AND seq = ?"));
  AEV_ASSIGN(Statement debate,
             connection.prepare("DELETE FROM event_debates WHERE hash = ? AND seq = ?"));
  for (const OldEvent& each : old) {
    const auto seq = static_cast<std::int64_t>(each.seq);
    AEV_RETURN_IF_ERROR(event.bind(1, seq).run());
    AEV_RETURN_IF_ERROR(id.bind(1, static_cast<std::int64_t>(each.seq >> kBucketShift))
                            .bind(2, each.id_hash)
                            .bind(3, seq)
                            .run());
    AEV_RETURN_IF_ERROR(debate.bind(1, each.debate_hash).bind(2, seq).run());
  }
  return old.size();
}

}  // namespace

Result<std::uint64_t> retention_step(Connection& connection, RetentionPass& pass) {
  AEV_ASSIGN(Transaction transaction, Transaction::begin(connection));
  AEV_ASSIGN(std::uint64_t deleted, delete_dead_letters(connection, pass.now_unix_ns));
  AEV_ASSIGN(const std::uint64_t attempts,
             delete_attempts(connection, pass.now_unix_ns - pass.attempts.count()));
  AEV_ASSIGN(const std::uint64_t events, delete_events(connection, pass));
  deleted += attempts + events;
  pass.finished = pass.finished && deleted < static_cast<std::uint64_t>(kStepRows);
  AEV_RETURN_IF_ERROR(transaction.commit());
  return deleted;
}

}  // namespace aev::store
