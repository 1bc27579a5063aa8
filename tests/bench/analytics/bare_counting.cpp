#include "bare_counting.h"

#include <algorithm>
#include <chrono>
#include <map>
#include <stdexcept>
#include <string_view>

#include <simdjson.h>
#include <sqlite3.h>

namespace aev::bench {
namespace {

std::string_view view(aev_str text) {
  return {text.ptr, text.len};
}

void check(int result, sqlite3* database) {
  if (result != SQLITE_OK && result != SQLITE_DONE) {
    throw std::runtime_error(sqlite3_errmsg(database));
  }
}

void run(sqlite3* database, const char* sql) {
  check(sqlite3_exec(database, sql, nullptr, nullptr, nullptr), database);
}

void add(sqlite3* database, sqlite3_stmt* upsert, std::int64_t bucket, std::string_view name) {
  sqlite3_bind_int64(upsert, 1, bucket);
  sqlite3_bind_text(upsert, 2, name.data(), static_cast<int>(name.size()), SQLITE_STATIC);
  check(sqlite3_step(upsert), database);
  sqlite3_reset(upsert);
}

}  // namespace

Measured count_bare(const std::string& file, const EventMix& mix, std::size_t group_events) {
  sqlite3* database = nullptr;
  check(sqlite3_open(file.c_str(), &database), database);
  run(database, "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA cache_size = -16384");
  run(database,
      "CREATE TABLE sums(bucket INTEGER, name TEXT, events INTEGER NOT NULL, "
      "PRIMARY KEY(bucket, name)) WITHOUT ROWID");
  sqlite3_stmt* upsert = nullptr;
  check(sqlite3_prepare_v2(database,
                           "INSERT INTO sums VALUES(?, ?, 1) "
                           "ON CONFLICT DO UPDATE SET events = events + 1",
                           -1, &upsert, nullptr),
        database);
  simdjson::dom::parser parser;
  const double cpu = process_cpu_seconds();
  const auto begin = std::chrono::steady_clock::now();
  std::size_t read = 0;
  for (std::size_t at = 0; at < mix.events.size(); at += group_events) {
    std::map<std::pair<std::int64_t, std::string_view>, bool> buckets;
    const std::size_t end = std::min(mix.events.size(), at + group_events);
    for (std::size_t i = at; i < end; ++i) {
      const aev_event& event = mix.events[i];
      simdjson::dom::object object;
      const auto* data = static_cast<const char*>(event.data.ptr);
      read += parser.parse(data, event.data.len).get(object) == simdjson::SUCCESS ? 1 : 0;
      const std::int64_t second = event.time_unix_ns / 1'000'000'000;
      buckets[{second / 60, view(event.event_type)}] = true;
      buckets[{-1, view(event.debate_id)}] = true;
    }
    run(database, "BEGIN IMMEDIATE");
    for (const auto& [key, yes] : buckets) {
      add(database, upsert, key.first, key.second);
    }
    run(database, "COMMIT");
  }
  const Measured measured{
      std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count(),
      process_cpu_seconds() - cpu};
  sqlite3_finalize(upsert);
  sqlite3_close(database);
  if (read != mix.events.size()) {
    throw std::runtime_error("an event's data is no JSON object");
  }
  return measured;
}

std::int64_t counted_events(const std::string& figures_file) {
  sqlite3* database = nullptr;
  check(sqlite3_open_v2(figures_file.c_str(), &database, SQLITE_OPEN_READONLY, nullptr), database);
  sqlite3_stmt* sum = nullptr;
  check(sqlite3_prepare_v2(database, "SELECT sum(events) FROM counts WHERE granularity = 2", -1,
                           &sum, nullptr),
        database);
  const std::int64_t events = sqlite3_step(sum) == SQLITE_ROW ? sqlite3_column_int64(sum, 0) : 0;
  sqlite3_finalize(sum);
  sqlite3_close(database);
  return events;
}

}  // namespace aev::bench
