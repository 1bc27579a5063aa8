#pragma once

#include <string_view>

namespace aev::security {

inline constexpr int kSchemaVersion = 1;

/// The plugin's file. `audit` is only ever appended to; the oldest part may be pruned.
inline constexpr const char* kSchema = R"sql(
CREATE TABLE meta(key TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE audit(entry INTEGER PRIMARY KEY, body TEXT NOT NULL, hash BLOB NOT NULL);
CREATE TABLE head(entry INTEGER NOT NULL, hash BLOB NOT NULL);
CREATE TABLE checkpoints(entry INTEGER PRIMARY KEY, at INTEGER NOT NULL, hash BLOB NOT NULL,
                         signature BLOB NOT NULL);
CREATE TABLE snapshot(id INTEGER PRIMARY KEY, entry INTEGER NOT NULL, applied BLOB NOT NULL,
                      state BLOB NOT NULL);
CREATE TABLE alerts(alert_id TEXT PRIMARY KEY, rule TEXT NOT NULL, key TEXT NOT NULL,
                    severity INTEGER NOT NULL, time INTEGER NOT NULL, entry INTEGER NOT NULL,
                    body TEXT NOT NULL);
CREATE INDEX alerts_by_time ON alerts(time);
CREATE TABLE outbox(number INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE, event_type TEXT NOT NULL,
                    debate_id TEXT NOT NULL, time INTEGER NOT NULL, data TEXT NOT NULL);
CREATE TABLE counts(event_type TEXT NOT NULL, severity INTEGER NOT NULL, events INTEGER NOT NULL,
                    PRIMARY KEY(event_type, severity)) WITHOUT ROWID;
)sql";

/// True if an entry of the trail is an event's; by its first members, whose order is fixed.
[[nodiscard]] inline bool is_event_entry(std::string_view body) {
  const std::size_t comma = body.find(',');
  return comma != std::string_view::npos && body.substr(comma).starts_with(",\"kind\":\"event\"");
}

}  // namespace aev::security
