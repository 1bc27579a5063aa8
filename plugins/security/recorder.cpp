#include "recorder.h"

#include <filesystem>
#include <stdexcept>

#include <openssl/rand.h>
#include <simdjson.h>

#include "byte_codec.h"
#include "database_schema.h"

namespace aev::security {
namespace {

constexpr std::uint64_t kSnapshotEntries = 100'000;
constexpr std::int64_t kPruneInterval = 60'000'000'000;
constexpr std::int64_t kPruneRows = 20'000;

/// Makes the folder of the file, readable for its owner alone.
const std::string& with_folder(const std::string& file) {
  const std::filesystem::path folder = std::filesystem::path(file).parent_path();
  std::error_code error;
  if (!folder.empty() && std::filesystem::create_directories(folder, error)) {
    std::filesystem::permissions(folder, std::filesystem::perms::owner_all, error);
  }
  return file;
}

std::string random_id() {
  unsigned char bytes[16];
  if (RAND_bytes(bytes, sizeof bytes) != 1) {
    throw std::runtime_error("libcrypto has no random bytes");
  }
  return to_hex({reinterpret_cast<const char*>(bytes), sizeof bytes});
}

}  // namespace

struct Recorder::Statements {
  explicit Statements(Database& db)
      : add_entry(db, "INSERT INTO audit(entry, body, hash) VALUES (?, ?, ?)"),
        entry_body(db, "SELECT body FROM audit WHERE entry = ?"),
        add_alert(db,
                  "INSERT OR IGNORE INTO alerts(alert_id, rule, key, severity, time, entry, body) "
                  "VALUES (?, ?, ?, ?, ?, ?, ?)"),
        add_emission(db,
                     "INSERT OR IGNORE INTO outbox(id, event_type, debate_id, time, data) VALUES "
                     "(?, ?, ?, ?, ?) RETURNING number"),
        remove_emission(db, "DELETE FROM outbox WHERE number = ?"),
        count(db,
              "INSERT INTO counts(event_type, severity, events) VALUES (?, ?, ?) ON CONFLICT DO "
              "UPDATE SET events = events + excluded.events"),
        head(db, "UPDATE head SET entry = ?, hash = ?") {}

  Statement add_entry;
  Statement entry_body;
  Statement add_alert;
  Statement add_emission;
  Statement remove_emission;
  Statement count;
  Statement head;
};

Recorder::Recorder(const Settings& settings, std::string subscriber, std::int64_t now_unix_ns)
    : settings_(settings),
      subscriber_(std::move(subscriber)),
      db_(with_folder(settings.database), Database::Mode::kWrite),
      key_(SigningKey::open(settings.key_file)) {
  db_.run("PRAGMA journal_mode = WAL");
  db_.run(settings.sync_full ? "PRAGMA synchronous = FULL" : "PRAGMA synchronous = NORMAL");
  db_.run("PRAGMA locking_mode = NORMAL");
  make_schema(now_unix_ns);
  statements_ = std::make_unique<Statements>(db_);
  load_state();
  begin();
  append_note("started", now_unix_ns, "");
  commit(now_unix_ns);
}

Recorder::~Recorder() = default;

void Recorder::make_schema(std::int64_t now_unix_ns) {
  std::int64_t version = 0;
  {
    Statement read(db_, "PRAGMA user_version");
    version = read.step() ? read.number(0) : 0;
  }
  if (version > kSchemaVersion) {
    throw std::runtime_error(settings_.database + " was written by a newer version of the plugin");
  }
  db_.run("BEGIN IMMEDIATE");
  try {
    if (version == 0) {
      db_.run(kSchema);
      set_meta("trail_id", random_id());
      set_meta("made_at", std::to_string(now_unix_ns));
    }
    trail_id_ = meta("trail_id");
    if (version == 0) {
      const Hash first = first_hash(trail_id_);
      Statement(db_, "INSERT INTO head(entry, hash) VALUES (0, ?)")
          .bind_bytes(1, view(first))
          .run();
    }
    set_meta("public_key", key_.public_key().pem());
    if (version == 0) {
      db_.run("PRAGMA user_version = 1");
    }
    db_.run("COMMIT");
  } catch (...) {
    db_.run("ROLLBACK");
    throw;
  }
}

std::string Recorder::meta(std::string_view key) {
  Statement read(db_, "SELECT value FROM meta WHERE key = ?");
  read.bind_text(1, key);
  return read.step() ? std::string(read.text(0)) : std::string();
}

void Recorder::set_meta(std::string_view key, std::string_view value) {
  Statement(db_, "INSERT OR REPLACE INTO meta(key, value) VALUES (?, ?)")
      .bind_text(1, key)
      .bind_text(2, value)
      .run();
}

void Recorder::load_state() {
  engine_ = std::make_unique<RuleEngine>(settings_, subscriber_, &make_debate_id);
  reader_ = std::make_unique<EventReader>(engine_->fields(), settings_.max_entry_data);
  applied_ = AppliedSeqs();
  counts_.clear();
  emissions_.clear();
  snapshot_ = signed_ = 0;
  {
    Statement read(db_, "SELECT entry, hash FROM head");
    if (!read.step() || read.text(1).size() != head_hash_.size()) {
      throw std::runtime_error(settings_.database +
                               " has lost the head of its audit trail: keep the file as evidence "
                               "and name another one");
    }
    head_ = static_cast<std::uint64_t>(read.number(0));
    std::copy_n(read.text(1).begin(), head_hash_.size(),
                reinterpret_cast<char*>(head_hash_.data()));
  }
  {
    Statement read(db_, "SELECT max(entry) FROM checkpoints");
    signed_ = read.step() ? static_cast<std::uint64_t>(read.number(0)) : 0;
  }
  {
    Statement read(db_, "SELECT entry, applied, state FROM snapshot");
    if (read.step() && applied_.load(read.text(1)) && engine_->load(read.text(2))) {
      snapshot_ = static_cast<std::uint64_t>(read.number(0));
    } else {
      applied_ = AppliedSeqs();
    }
  }
  Statement read(db_, "SELECT body FROM audit WHERE entry > ? ORDER BY entry");
  read.bind(1, static_cast<std::int64_t>(snapshot_));
  while (read.step()) {
    const std::string_view body = read.text(0);
    if (is_event_entry(body)) {
      const Observation& event = reader_->read_entry(body);
      engine_->restore_event(event);
      applied_.add(event.seq);
    } else {
      restore_alert_entry(body, *engine_);
    }
  }
}

void Recorder::begin() {
  db_.run("BEGIN IMMEDIATE");
  open_ = true;
}

void Recorder::append(std::string_view body) {
  const Hash hash = sha_.of(view(head_hash_), body);
  statements_->add_entry.bind(1, static_cast<std::int64_t>(head_ + 1))
      .bind_text(2, body)
      .bind_bytes(3, view(hash))
      .run();
  head_hash_ = hash;
  ++head_;
}

void Recorder::append_note(std::string_view kind,
                           std::int64_t now_unix_ns,
                           std::string_view members) {
  std::string body = "{\"entry\":" + std::to_string(head_ + 1) + ",\"kind\":\"";
  body.append(kind).append("\",\"at\":").append(std::to_string(now_unix_ns));
  body.append(",\"subscriber\":");
  sdk::append_json_string(body, subscriber_);
  body.append(members).append("}");
  append(body);
}

bool Recorder::take(const sdk::Event& event) {
  if (applied_.below_floor(event.seq()) ? event.is_replay() : !applied_.add(event.seq())) {
    return false;
  }
  // reader_ owns what the views of the observation point to; its entry number is ours to give.
  Observation& seen = const_cast<Observation&>(reader_->read(event));
  seen.entry = head_ + 1;
  body_.clear();
  append_event_entry(body_, seen, reader_->data());
  append(body_);
  auto& by_severity = counts_.try_emplace(std::string(seen.event_type), 5).first->second;
  ++by_severity[static_cast<std::size_t>(seen.severity)];
  firings_.clear();
  engine_->observe(seen, firings_);
  for (const Firing& firing : firings_) {
    take_alert(firing, seen);
  }
  return true;
}

std::vector<std::string> Recorder::ids_of(const std::vector<std::uint64_t>& entries) {
  std::vector<std::string> ids;
  simdjson::dom::parser parser;
  for (const std::uint64_t entry : entries) {
    Statement& read = statements_->entry_body;
    read.bind(1, static_cast<std::int64_t>(entry));
    if (read.step()) {
      const std::string_view body = read.text(0);
      std::string_view id;
      if (parser.parse(body.data(), body.size())["event_id"].get(id) == simdjson::SUCCESS) {
        ids.emplace_back(id);
      }
    }
    read.reset();
  }
  return ids;
}

void Recorder::take_alert(const Firing& firing, const Observation& event) {
  Alert alert = make_alert(settings_, subscriber_, firing, event, ids_of(firing.evidence));
  body_.clear();
  append_alert_entry(body_, head_ + 1, alert, firing, event);
  append(body_);
  statements_->add_alert.bind_text(1, alert.id)
      .bind_text(2, alert.rule)
      .bind_text(3, alert.key)
      .bind(4, static_cast<std::int64_t>(alert.severity))
      .bind(5, alert.time_ns)
      .bind(6, static_cast<std::int64_t>(head_))
      .bind_text(7, alert.body)
      .run();
  for (OutboxItem& item : alert.emissions) {
    Statement& add = statements_->add_emission;
    add.bind_text(1, item.id)
        .bind_text(2, item.event_type)
        .bind_text(3, item.debate_id)
        .bind(4, item.time_ns)
        .bind_text(5, item.data);
    if (add.step()) {
      item.number = add.number(0);
      emissions_.push_back(std::move(item));
    }
    add.reset();
  }
  ++fired_[alert.rule];
}

void Recorder::write_counts() {
  for (auto& [type, by_severity] : counts_) {
    for (std::size_t i = 0; i < by_severity.size(); ++i) {
      if (by_severity[i] > 0) {
        statements_->count.bind_text(1, type)
            .bind(2, static_cast<std::int64_t>(i))
            .bind(3, by_severity[i])
            .run();
      }
    }
  }
  counts_.clear();
}

void Recorder::write_head() {
  statements_->head.bind(1, static_cast<std::int64_t>(head_)).bind_bytes(2, view(head_hash_)).run();
}

void Recorder::write_snapshot() {
  const std::string applied = applied_.save();
  const std::string state = engine_->save();
  Statement(db_, "INSERT OR REPLACE INTO snapshot(id, entry, applied, state) VALUES (1, ?, ?, ?)")
      .bind(1, static_cast<std::int64_t>(head_))
      .bind_bytes(2, applied)
      .bind_bytes(3, state)
      .run();
  snapshot_ = head_;
}

void Recorder::write_checkpoint(std::int64_t now_unix_ns) {
  const std::string signature =
      key_.sign(checkpoint_message(trail_id_, head_, now_unix_ns, view(head_hash_)));
  Statement(db_, "INSERT INTO checkpoints(entry, at, hash, signature) VALUES (?, ?, ?, ?)")
      .bind(1, static_cast<std::int64_t>(head_))
      .bind(2, now_unix_ns)
      .bind_bytes(3, view(head_hash_))
      .bind_bytes(4, signature)
      .run();
  signed_ = head_;
}

void Recorder::prune(std::int64_t now_unix_ns) {
  if (settings_.retention.count() == 0 || now_unix_ns - pruned_at_ < kPruneInterval) {
    return;
  }
  pruned_at_ = now_unix_ns;
  // Up to a checkpoint, so that what is left hangs on a signature; and never into what a restart
  // needs to get the state back.
  Statement find(db_,
                 "SELECT max(entry) FROM checkpoints WHERE at < ? AND entry < ? AND entry < "
                 "(SELECT min(entry) FROM audit) + ?");
  find.bind(1, now_unix_ns - settings_.retention.count())
      .bind(2, static_cast<std::int64_t>(snapshot_))
      .bind(3, kPruneRows);
  const std::int64_t upto = find.step() ? find.number(0) : 0;
  if (upto == 0) {
    return;
  }
  Statement remove(db_, "DELETE FROM audit WHERE entry <= ?");
  remove.bind(1, upto).run();
  if (db_.changes() > 0) {
    Statement(db_, "DELETE FROM alerts WHERE entry <= ?").bind(1, upto).run();
    Statement(db_, "DELETE FROM checkpoints WHERE entry < ?").bind(1, upto).run();
    append_note("pruned", now_unix_ns, ",\"upto\":" + std::to_string(upto));
  }
}

void Recorder::commit(std::int64_t now_unix_ns) {
  write_counts();
  prune(now_unix_ns);
  if (head_ - snapshot_ >= kSnapshotEntries &&
      head_ - snapshot_ >= 4 * (engine_->window_events() + engine_->keys())) {
    write_snapshot();
  }
  if (head_ - signed_ >= settings_.checkpoint_entries) {
    write_checkpoint(now_unix_ns);
  }
  write_head();
  db_.run("COMMIT");
  open_ = false;
}

void Recorder::rollback() {
  if (open_) {
    try {
      db_.run("ROLLBACK");
    } catch (const DatabaseError&) {
      // SQLite has rolled back on its own, as it does when the disk is full.
    }
    open_ = false;
  }
  load_state();
}

std::vector<OutboxItem> Recorder::take_new_emissions() {
  return std::move(emissions_);
}

std::vector<OutboxItem> Recorder::outbox() {
  std::vector<OutboxItem> items;
  Statement read(
      db_, "SELECT number, id, event_type, debate_id, time, data FROM outbox ORDER BY number");
  while (read.step()) {
    items.push_back({read.number(0), std::string(read.text(1)), std::string(read.text(2)),
                     std::string(read.text(3)), read.number(4), std::string(read.text(5))});
  }
  return items;
}

void Recorder::settle_emission(std::int64_t number) {
  statements_->remove_emission.bind(1, number).run();
}

void Recorder::refuse_emission(const OutboxItem& item,
                               std::string_view why,
                               std::int64_t now_unix_ns) {
  settle_emission(item.number);
  std::string members = ",\"event_id\":";
  sdk::append_json_string(members, item.id);
  members.append(",\"reason\":");
  sdk::append_json_string(members, why);
  append_note("emission_refused", now_unix_ns, members);
}

void Recorder::checkpoint(std::int64_t now_unix_ns) {
  if (has_unsigned_entries()) {
    begin();
    write_checkpoint(now_unix_ns);
    commit(now_unix_ns);
  }
}

void Recorder::close(std::int64_t now_unix_ns) {
  begin();
  append_note("stopped", now_unix_ns, "");
  write_snapshot();
  write_checkpoint(now_unix_ns);
  commit(now_unix_ns);
}

}  // namespace aev::security
