#pragma once

#include <cstdint>
#include <deque>
#include <map>
#include <string_view>
#include <vector>

#include "core/clock.h"
#include "events/event.h"
#include "store/hash_tail.h"
#include "store/sqlite.h"

namespace aev::store {

/// 64-bit hash of an id or a debate (FNV-1a with a final mix). Stored: must never change.
[[nodiscard]] std::uint64_t hash_text(std::string_view text);

/// A bucket of event_ids holds the events of so many seqs.
inline constexpr int kBucketShift = 20;

/// Finds events by id, for deduplication, without an index that every insert would touch at a
/// random place: recent ids are in memory, and are written to `event_ids` (and debates to
/// `event_debates`) in slices sorted by hash, behind the log. `meta.indexed_upto` says how far;
/// what lies beyond is read again at open. Confined to the writer's thread.
class DedupIndex {
 public:
  /// Reads the ids that are not in the tables yet.
  [[nodiscard]] static Result<DedupIndex> open(Connection& connection, Duration window);

  /// Any length is safe: an id can be found as long as its event is stored.
  void set_window(Duration window) { window_ = window; }

  /// Seq of a stored event with this id that was received no longer than the window before
  /// `now_unix_ns`; 0 if there is none.
  [[nodiscard]] Result<events::Seq> find(std::string_view id, std::int64_t now_unix_ns);

  /// Takes an event that the open transaction has inserted.
  void add(std::string_view id, std::string_view debate_id, events::Seq seq);

  /// Forgets what was added with seqs above `last`: their transaction was rolled back.
  void roll_back_to(events::Seq last);

  /// Writes about `rows` waiting entries inside the open transaction; `idle` also begins a slice
  /// that is not full.
  [[nodiscard]] Result<void> write_slice(std::size_t rows, bool idle);

  /// Everything up to here is in the tables, as committed.
  [[nodiscard]] events::Seq indexed_upto() const { return indexed_upto_; }

  /// Entries that are in memory only.
  [[nodiscard]] std::size_t pending() const { return waiting_.size() + sorted_.size() - written_; }

  /// Called once what write_slice() wrote is committed.
  void slice_committed();

 private:
  struct Entry {
    std::uint64_t id_hash = 0;
    std::uint64_t debate_hash = 0;  // 0: no debate
    events::Seq seq = 0;
  };

  /// Says "surely not there" for most ids, so that buckets need not be searched.
  class Bloom {
   public:
    Bloom() : words_((std::size_t{1} << kBits) / 64) {}

    void add(std::uint64_t hash);
    [[nodiscard]] bool may_contain(std::uint64_t hash) const;

   private:
    static constexpr int kBits = 23;  // 8 bits an id: 2.4 % false positives with 4 probes, 1 MiB
    std::vector<std::uint64_t> words_;
  };

  DedupIndex() = default;
  [[nodiscard]] Result<void> load_tail(Connection& connection);
  [[nodiscard]] Result<bool> is_duplicate(std::string_view id,
                                          events::Seq seq,
                                          std::int64_t oldest);
  void begin_slices();

  Duration window_{};
  events::Seq indexed_upto_ = 0;
  std::deque<Entry> waiting_;  // newest, in the order of the log
  std::vector<Entry> sorted_;  // being written, by hash
  std::size_t written_ = 0;    // of sorted_
  std::size_t committed_ = 0;  // of sorted_
  events::Seq sorted_last_ = 0;
  HashTail tail_;                          // the ids of waiting_ and sorted_
  std::map<std::uint64_t, Bloom> blooms_;  // of buckets that began in this process
  std::uint64_t first_bucket_ = 0;         // oldest that may hold ids within the window
  Statement by_hash_;
  Statement event_by_seq_;
  Statement insert_id_;
  Statement insert_debate_;
  Statement set_indexed_;
};

}  // namespace aev::store
