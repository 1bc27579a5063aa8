#include "rollup_file.h"

#include <cerrno>
#include <filesystem>
#include <iterator>
#include <system_error>
#include <unistd.h>

namespace aev::analytics {
namespace {

/// Marks our files in SQLite's header: "AEVa".
constexpr std::int64_t kApplicationId = 0x41455661;

/// Each string takes the file from the version that is its index to the next. Never edit one that
/// has shipped: append.
constexpr const char* kMigrations[] = {
    // counts and agent_counts: granularity 0 minute, 1 hour, 2 day; bucket is its start in Unix
    // seconds. applied: which seqs of a log have been counted (applied_seqs.h). debates.fact_seqs:
    // the order of the event that each fact came from (debate_facts.h).
    R"(
CREATE TABLE meta(name TEXT PRIMARY KEY, value INTEGER NOT NULL) WITHOUT ROWID;
CREATE TABLE logs(
  log INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE, subscriber TEXT NOT NULL,
  floor INTEGER NOT NULL, lowest INTEGER NOT NULL, highest INTEGER NOT NULL,
  highest_event TEXT NOT NULL, applied INTEGER NOT NULL);
CREATE TABLE applied(log INTEGER, chunk INTEGER, bits BLOB NOT NULL, PRIMARY KEY(log, chunk))
  WITHOUT ROWID;
CREATE TABLE counts(
  granularity INTEGER, bucket INTEGER, event_type TEXT, events INTEGER NOT NULL,
  PRIMARY KEY(granularity, bucket, event_type)) WITHOUT ROWID;
CREATE TABLE agents(name TEXT PRIMARY KEY) WITHOUT ROWID;
CREATE TABLE agent_counts(
  granularity INTEGER, bucket INTEGER, name TEXT, messages INTEGER NOT NULL,
  critiques INTEGER NOT NULL, votes_cast INTEGER NOT NULL, votes_received INTEGER NOT NULL,
  errors INTEGER NOT NULL, PRIMARY KEY(granularity, bucket, name)) WITHOUT ROWID;
CREATE TABLE debates(
  id INTEGER PRIMARY KEY, debate_id TEXT NOT NULL UNIQUE, first_ns INTEGER NOT NULL,
  last_ns INTEGER NOT NULL, started_ns INTEGER, ended_ns INTEGER, events INTEGER NOT NULL,
  debate_events INTEGER NOT NULL, messages INTEGER NOT NULL, critiques INTEGER NOT NULL,
  votes INTEGER NOT NULL, errors INTEGER NOT NULL, last_round INTEGER NOT NULL,
  task TEXT, domain TEXT, protocol TEXT, planned_rounds INTEGER, end_consensus INTEGER,
  end_confidence REAL, rounds_used INTEGER, duration_s REAL, winner TEXT, failure TEXT,
  consensus INTEGER, confidence REAL, fatal_error TEXT, fact_seqs BLOB NOT NULL);
CREATE INDEX debates_by_start ON debates(coalesce(started_ns, first_ns));
CREATE TABLE debate_agents(
  debate INTEGER, name TEXT, is_agent INTEGER NOT NULL, messages INTEGER NOT NULL,
  critiques INTEGER NOT NULL, votes_cast INTEGER NOT NULL, votes_received INTEGER NOT NULL,
  errors INTEGER NOT NULL, PRIMARY KEY(debate, name)) WITHOUT ROWID;
)",
};

static_assert(std::size(kMigrations) == kSchemaVersion);

/// The version of the tables; throws if it is newer than ours.
std::int64_t version_of(Database& database) {
  const std::int64_t version = database.integer("PRAGMA user_version");
  if (version > kSchemaVersion) {
    throw std::runtime_error(
        database.file() + " was written by a newer version of the analytics plugin (schema " +
        std::to_string(version) + ", this one knows up to " + std::to_string(kSchemaVersion) +
        "); install that version again, or name another file");
  }
  return version;
}

void migrate(Database& database) {
  const std::int64_t version = version_of(database);
  for (std::int64_t next = version; next < kSchemaVersion; ++next) {
    Transaction transaction(database);
    // Another instance may have been quicker.
    if (database.integer("PRAGMA user_version") != next) {
      continue;
    }
    database.execute(kMigrations[next]);
    database.execute("PRAGMA application_id = " + std::to_string(kApplicationId) +
                     "; PRAGMA user_version = " + std::to_string(next + 1));
    transaction.commit();
  }
}

void check_owner(Database& database) {
  // Reads the header and the schema, so that a damaged file is noticed before anything is written.
  const std::int64_t objects = database.integer("SELECT count(*) FROM sqlite_master");
  const std::int64_t owner = database.integer("PRAGMA application_id");
  if (objects != 0 && owner != kApplicationId) {
    throw std::runtime_error(database.file() +
                             " is a database of another program and has been left as it is; "
                             "name another file for `file`");
  }
}

/// SQLite takes an empty file for a new database and throws a WAL beside it away.
void check_wal_has_database(const std::string& file) {
  std::error_code error;
  const auto wal_bytes = std::filesystem::file_size(file + "-wal", error);
  if (error || wal_bytes == 0) {
    return;
  }
  const auto bytes = std::filesystem::file_size(file, error);
  if (error || bytes == 0) {
    throw std::runtime_error(file + " is missing or empty, but " + file +
                             "-wal beside it is not: put the file back, or move the -wal file "
                             "away to begin anew");
  }
}

}  // namespace

std::string explain_damage(const std::string& file, const std::string& fault) {
  return fault +
         ". The file is damaged, or no SQLite file, and has been left as it is. Move it "
         "away; the subscriber then begins a new one, and `subscribers query NAME "
         "rebuild` counts again what the host's log still holds. To rescue what is "
         "readable: sqlite3 " +
         file + " .recover | sqlite3 rescued.db";
}

std::unique_ptr<Database> open_rollup(const std::string& file) {
  check_wal_has_database(file);
  std::error_code error;
  const auto folder = std::filesystem::path(file).parent_path();
  if (!folder.empty()) {
    std::filesystem::create_directories(folder, error);
    if (error) {
      throw std::runtime_error(folder.string() + ": cannot be made: " + error.message());
    }
  }
  auto database = std::make_unique<Database>(file, OpenMode::kReadWrite);
  check_owner(*database);
  database->execute("PRAGMA journal_mode = WAL; PRAGMA journal_size_limit = 67108864");
  // The host forgets what was reported as delivered, so it has to be on the disk by then.
  database->execute("PRAGMA synchronous = FULL; PRAGMA cache_size = -16384");
  migrate(*database);
  return database;
}

std::unique_ptr<Database> open_scratch() {
  auto database = std::make_unique<Database>("", OpenMode::kReadWrite);
  migrate(*database);
  return database;
}

void probe_rollup(const std::string& file) {
  check_wal_has_database(file);
  std::error_code error;
  if (std::filesystem::file_size(file, error) != 0 && !error) {
    Database database(file, OpenMode::kReadOnly);
    check_owner(database);
    static_cast<void>(version_of(database));
  }
  // The file itself, or else the folder that it has to be made in.
  const std::filesystem::path wanted = std::filesystem::absolute(file);
  std::filesystem::path place = wanted;
  while (!std::filesystem::exists(place, error) && place.has_relative_path()) {
    place = place.parent_path();
  }
  if (place != wanted && !std::filesystem::is_directory(place, error)) {
    throw std::runtime_error(file + " cannot be made: " + place.string() + " is no folder");
  }
  if (access(place.c_str(), W_OK) != 0) {
    throw std::runtime_error(file + " cannot be written: " + place.string() + ": " +
                             std::generic_category().message(errno));
  }
}

std::unique_ptr<Database> open_for_reading(const std::string& file) {
  std::error_code error;
  if (std::filesystem::file_size(file, error) == 0 || error) {
    throw std::runtime_error(file + ": there are no figures yet");
  }
  auto database = std::make_unique<Database>(file, OpenMode::kReadOnly);
  check_owner(*database);
  return database;
}

}  // namespace aev::analytics
