#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>

#include <aev/plugin.hpp>

#include "applied_seqs.h"
#include "database.h"
#include "event_reader.h"
#include "granularity.h"
#include "rollup_rows.h"
#include "tally.h"

namespace aev::analytics {

/// What became of a group of events.
struct AppliedGroup {
  std::uint64_t applied = 0;
  std::uint64_t duplicates = 0;  ///< counted before, or twice in the group
  std::uint64_t late = 0;
  std::uint64_t unreadable = 0;
  std::uint64_t ignored_members = 0;
};

/// A host's log as the rollup knows it.
struct LogPlace {
  std::int64_t log = 0;      ///< its number in the file
  std::string id;            ///< what host and file call it
  std::uint64_t lowest = 0;  ///< seqs that were counted; 0: none yet
  std::uint64_t highest = 0;
  std::string highest_event{};  ///< id of the event at `highest`
  std::uint64_t applied = 0;    ///< how many
};

/// The figures in the file and the one way to change them. Confined to one thread. Throws
/// DatabaseError; nothing has changed then.
class Rollup {
 public:
  /// An event is late if it is older by this than the newest that was counted before its group.
  static constexpr std::int64_t kLateAfterNs = 5 * 60 * kNanosPerSecond;

  Rollup(std::unique_ptr<Database> database, Retention retention);

  /// Finds the log of that id, or enters it. To be called before the others.
  void use_log(const std::string& id, std::string_view subscriber, std::int64_t number_if_new = 0);

  /// True if the file knows the log of that id.
  [[nodiscard]] bool knows_log(const std::string& id);

  /// Logs that have been counted, other than the one in use.
  [[nodiscard]] std::int64_t other_logs();

  [[nodiscard]] const LogPlace& place() const { return place_; }

  /// Counts, in one transaction, each event that has not been counted before.
  AppliedGroup apply(std::span<const sdk::Event> events, std::int64_t now_ns);

  /// Everything before `first_seq` is gone from the log: nobody will deliver it again.
  void raise_floor(std::uint64_t first_seq);

  /// The log was put back to an earlier state, whose last event is `last_seq`: what lies above it
  /// will be other events.
  void cut_log(std::uint64_t last_seq);

  /// True if figures come from events that the log, whose oldest event is `first_seq`, no longer
  /// has (0: it has none at all).
  [[nodiscard]] bool counts_more_than_log(std::uint64_t first_seq);

  /// Events of the log in use, from `first_seq` on, that are counted here and not in `other`.
  [[nodiscard]] std::uint64_t counted_beyond(const Rollup& other, std::uint64_t first_seq) const;

  /// Removes some of what is older than the retention; true if there may be more.
  bool remove_old(std::int64_t now_s);

  /// Takes over everything from `other`.
  void replace_by(Rollup& other);

  [[nodiscard]] Database& database() { return *database_; }

 private:
  void load_place();
  void save_place(std::int64_t newest_ns, const AppliedGroup& group);

  const std::unique_ptr<Database> database_;
  const Retention retention_;
  LogPlace place_;
  std::unique_ptr<AppliedSeqs> seqs_;
  RollupRows rows_;
  EventReader reader_;
  Tally tally_;
  std::int64_t data_version_ = 0;
  bool stale_ = true;             // what is in memory may not be what is in the file
  std::int64_t newest_ns_ = 0;    // of the events that were counted
  std::int64_t next_debate_ = 0;  // where remove_old() goes on
  std::int64_t next_walk_s_ = 0;  // when it begins with the first debate again
  Statement data_version_of_;
  Statement write_place_;
  Statement add_meta_;
};

}  // namespace aev::analytics
