#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <aev/plugin.hpp>

#include "alert.h"
#include "applied_seqs.h"
#include "audit_chain.h"
#include "database.h"
#include "event_reader.h"
#include "rule_engine.h"
#include "settings.h"
#include "signing_key.h"

namespace aev::security {

/// Applies events to the plugin's file: the audit trail, the rules' state, alerts and the outbox of
/// events to publish, all in one transaction.
///
/// The trail is the log that state is rebuilt from: a restart loads the latest snapshot and applies
/// the entries behind it once more. So an event costs one row, and whatever is in memory can be
/// thrown away. Confined to one thread.
class Recorder {
 public:
  /// Opens the file and the key, makes what is missing, and gets the state back. Throws
  /// std::runtime_error with what is wrong. `settings` outlives this object.
  Recorder(const Settings& settings, std::string subscriber, std::int64_t now_unix_ns);
  ~Recorder();
  Recorder(const Recorder&) = delete;
  Recorder& operator=(const Recorder&) = delete;

  /// begin(), take() each event, commit(). Any of them may throw; rollback() then, after which
  /// everything is as before begin().
  void begin();
  /// False if the event was applied before, so that nothing changed.
  bool take(const sdk::Event& event);
  void commit(std::int64_t now_unix_ns);
  void rollback();

  /// What the last commit added to the outbox.
  [[nodiscard]] std::vector<OutboxItem> take_new_emissions();
  /// All of the outbox, oldest first.
  [[nodiscard]] std::vector<OutboxItem> outbox();
  /// Within a transaction: the events were published, or never can be (with the reason).
  void settle_emission(std::int64_t number);
  void refuse_emission(const OutboxItem& item, std::string_view why, std::int64_t now_unix_ns);

  /// Signs the head of the trail if it is not signed yet. A transaction of its own.
  void checkpoint(std::int64_t now_unix_ns);
  /// Writes that the subscriber stops, a snapshot and a checkpoint.
  void close(std::int64_t now_unix_ns);

  [[nodiscard]] const RuleEngine& engine() const { return *engine_; }

  [[nodiscard]] std::uint64_t entries() const { return head_; }

  [[nodiscard]] bool has_unsigned_entries() const { return head_ > signed_; }

  /// Alerts by rule since the last call, for metrics.
  [[nodiscard]] std::map<std::string, std::uint64_t> take_fired() { return std::move(fired_); }

 private:
  struct Statements;

  void make_schema(std::int64_t now_unix_ns);
  void load_state();
  void append(std::string_view body);
  void append_note(std::string_view kind, std::int64_t now_unix_ns, std::string_view members);
  void take_alert(const Firing& firing, const Observation& event);
  [[nodiscard]] std::vector<std::string> ids_of(const std::vector<std::uint64_t>& entries);
  void write_counts();
  void write_head();
  void write_snapshot();
  void write_checkpoint(std::int64_t now_unix_ns);
  void prune(std::int64_t now_unix_ns);
  [[nodiscard]] std::string meta(std::string_view key);
  void set_meta(std::string_view key, std::string_view value);

  const Settings& settings_;
  const std::string subscriber_;
  Database db_;
  SigningKey key_;
  std::unique_ptr<Statements> statements_;
  std::string trail_id_;
  Sha256 sha_;

  // As in the file, plus what the open transaction has done.
  std::unique_ptr<RuleEngine> engine_;
  std::unique_ptr<EventReader> reader_;
  AppliedSeqs applied_;
  std::uint64_t head_ = 0;
  Hash head_hash_{};
  std::uint64_t signed_ = 0;    // entry of the last checkpoint
  std::uint64_t snapshot_ = 0;  // entry of the snapshot
  bool open_ = false;           // a transaction is

  std::vector<Firing> firings_;
  std::string body_;
  std::map<std::string, std::vector<std::int64_t>, std::less<>> counts_;  // type, by severity
  std::vector<OutboxItem> emissions_;
  std::map<std::string, std::uint64_t> fired_;
  std::int64_t pruned_at_ = 0;
};

}  // namespace aev::security
