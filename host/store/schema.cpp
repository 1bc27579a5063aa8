#include "store/schema.h"

namespace aev::store {
namespace {

/// Each string takes the database from the version that is its index to the next. Never edit one
/// that has shipped: append.
constexpr const char* kMigrations[] = {
    // `id` is not UNIQUE: an index that every insert updates at a random place would cost more than
    // the insert. event_ids holds a hash of it, filled in sorted slices behind the log
    // (dedup_index.h); `bucket` keeps those writes within the newest pages however long the log is.
    R"(
CREATE TABLE events(
  seq INTEGER PRIMARY KEY, id TEXT NOT NULL, event_type TEXT NOT NULL, debate_id TEXT NOT NULL,
  received_ns INTEGER NOT NULL, time_ns INTEGER NOT NULL, source TEXT NOT NULL,
  content_type TEXT NOT NULL, targets BLOB NOT NULL, attributes BLOB NOT NULL, data BLOB NOT NULL);
CREATE TABLE event_ids(bucket INTEGER, hash INTEGER, seq INTEGER, PRIMARY KEY(bucket, hash, seq))
  WITHOUT ROWID;
CREATE TABLE event_debates(hash INTEGER, seq INTEGER, PRIMARY KEY(hash, seq)) WITHOUT ROWID;
CREATE TABLE meta(name TEXT PRIMARY KEY, value INTEGER NOT NULL) WITHOUT ROWID;
INSERT INTO meta(name, value) VALUES('indexed_upto', 0), ('last_seq', 0);
CREATE TABLE subscribers(
  id INTEGER PRIMARY KEY AUTOINCREMENT, name TEXT NOT NULL UNIQUE, cursor INTEGER NOT NULL,
  settled BLOB NOT NULL, status INTEGER NOT NULL, reason TEXT NOT NULL);
CREATE TABLE retries(
  subscriber INTEGER, seq INTEGER, replay INTEGER, attempts INTEGER NOT NULL,
  first_attempt_ns INTEGER NOT NULL, next_at_ns INTEGER NOT NULL, last_code INTEGER NOT NULL,
  last_error TEXT NOT NULL, PRIMARY KEY(subscriber, seq, replay)) WITHOUT ROWID;
CREATE INDEX retries_by_time ON retries(subscriber, next_at_ns);
CREATE INDEX retries_by_seq ON retries(seq);
CREATE TABLE dead_letters(
  id INTEGER PRIMARY KEY AUTOINCREMENT, subscriber INTEGER NOT NULL, seq INTEGER NOT NULL,
  replay INTEGER NOT NULL, reason INTEGER NOT NULL, attempts INTEGER NOT NULL,
  last_code INTEGER NOT NULL, last_error TEXT NOT NULL, first_attempt_ns INTEGER NOT NULL,
  last_attempt_ns INTEGER NOT NULL, dead_ns INTEGER NOT NULL, expires_ns INTEGER NOT NULL);
CREATE INDEX dead_letters_by_subscriber ON dead_letters(subscriber, id);
CREATE INDEX dead_letters_by_seq ON dead_letters(seq);
CREATE INDEX dead_letters_by_expiry ON dead_letters(expires_ns) WHERE expires_ns > 0;
CREATE TABLE attempts(
  row INTEGER PRIMARY KEY, subscriber INTEGER NOT NULL, seq INTEGER NOT NULL,
  attempt INTEGER NOT NULL, replay INTEGER NOT NULL, started_ns INTEGER NOT NULL,
  duration_ns INTEGER NOT NULL, outcome INTEGER NOT NULL, code INTEGER NOT NULL,
  error TEXT NOT NULL);
CREATE INDEX attempts_by_subscriber ON attempts(subscriber, row);
CREATE TABLE replays(
  id INTEGER PRIMARY KEY, subscriber INTEGER NOT NULL, next_seq INTEGER NOT NULL,
  last_seq INTEGER NOT NULL, filter TEXT NOT NULL, per_second REAL NOT NULL,
  scheduled INTEGER NOT NULL, created_ns INTEGER NOT NULL, done INTEGER NOT NULL);
)",
    R"(
CREATE TABLE plugin_state(
  subscriber INTEGER, key TEXT, value BLOB NOT NULL, PRIMARY KEY(subscriber, key)) WITHOUT ROWID;
)",
};

constexpr std::int64_t kVersion = std::size(kMigrations);

Error explain(Error error, const std::filesystem::path& file) {
  if (error.code == ErrorCode::kCorrupt) {
    error.message +=
        ". The file is damaged and has been left as it is. Stop here, keep a copy, and "
        "restore a backup or rescue what is readable with: sqlite3 " +
        file.string() + " .recover | sqlite3 rescued.db";
  }
  return error;
}

Result<void> migrate(Connection& connection, const std::filesystem::path& file) {
  AEV_ASSIGN(const std::int64_t version, connection.query_integer("PRAGMA user_version"));
  if (version > kVersion) {
    return Error{ErrorCode::kUnsupported,
                 file.string() + " was written by a newer version of aragora-events (schema " +
                     std::to_string(version) + ", this one knows up to " +
                     std::to_string(kVersion) + "); install that version again",
                 {}};
  }
  for (std::int64_t next = version; next < kVersion; ++next) {
    AEV_ASSIGN(Transaction transaction, Transaction::begin(connection));
    AEV_RETURN_IF_ERROR(connection.execute(kMigrations[next]));
    AEV_RETURN_IF_ERROR(connection.execute("PRAGMA user_version = " + std::to_string(next + 1)));
    AEV_RETURN_IF_ERROR(transaction.commit());
  }
  return {};
}

Result<Connection> prepare(const std::filesystem::path& file, SyncMode sync) {
  AEV_ASSIGN(Connection connection, Connection::open(file, OpenMode::kReadWrite));
  // Reads the header and the schema, so that a damaged file is noticed before anything is written.
  AEV_ASSIGN(const std::int64_t objects,
             connection.query_integer("SELECT count(*) FROM sqlite_master"));
  if (objects == 0) {
    AEV_RETURN_IF_ERROR(connection.execute("PRAGMA page_size = 8192"));
  }
  AEV_RETURN_IF_ERROR(connection.execute("PRAGMA journal_mode = WAL"));
  AEV_RETURN_IF_ERROR(set_sync(connection, sync));
  // Checkpoints are made by a thread of their own (checkpointer.h); the writer's cache is small
  // because it only ever appends.
  AEV_RETURN_IF_ERROR(
      connection.execute("PRAGMA wal_autocheckpoint = 0; PRAGMA cache_size = -8192;"
                         "PRAGMA temp_store = MEMORY"));
  AEV_RETURN_IF_ERROR(migrate(connection, file));
  return connection;
}

/// SQLite takes an empty file for a new database and throws a WAL beside it away, with every event
/// that was only in there.
Result<void> check_wal_has_database(const std::filesystem::path& file) {
  std::error_code error;
  const std::filesystem::path wal = file.string() + "-wal";
  const auto wal_bytes = std::filesystem::file_size(wal, error);
  if (error || wal_bytes == 0) {
    return {};
  }
  const auto database_bytes = std::filesystem::file_size(file, error);
  if (!error && database_bytes > 0) {
    return {};
  }
  return Error{ErrorCode::kCorrupt,
               file.string() + " is missing or empty, but " + wal.string() +
                   " holds events. Nothing was changed: put the database back beside it, or move "
                   "the -wal file away to begin with an empty store",
               {}};
}

}  // namespace

Result<void> set_sync(Connection& connection, SyncMode sync) {
  return connection.execute(sync == SyncMode::kFull ? "PRAGMA synchronous = FULL"
                                                    : "PRAGMA synchronous = NORMAL");
}

Result<Connection> open_for_writing(const std::filesystem::path& file, SyncMode sync) {
  AEV_RETURN_IF_ERROR(check_wal_has_database(file));
  auto connection = prepare(file, sync);
  return connection ? std::move(connection) : explain(std::move(connection.error()), file);
}

Result<Connection> open_for_reading(const std::filesystem::path& file) {
  AEV_ASSIGN(Connection connection, Connection::open(file, OpenMode::kReadOnly));
  AEV_RETURN_IF_ERROR(connection.execute("PRAGMA cache_size = -1024; PRAGMA query_only = 1"));
  return connection;
}

}  // namespace aev::store
