#pragma once

#include <deque>
#include <vector>

#include "store/delivery_records.h"

namespace aev::delivery {

/// How far a subscriber is in the log. Holds the seqs that are owed to it and have been taken in
/// but are not settled, and those settled behind them; all others below `taken_upto` are settled or
/// were never owed. Confined to one thread.
class Progress {
 public:
  Progress(events::Seq cursor, std::vector<store::SeqRange> settled);

  /// Everything up to here has been taken in or passed over.
  [[nodiscard]] events::Seq taken_upto() const { return taken_upto_; }

  /// Takes in an owed event above taken_upto(); false if it had been settled before a restart.
  [[nodiscard]] bool take(events::Seq seq);
  /// Nothing up to `seq` is owed beyond what was taken.
  void pass(events::Seq seq);
  void settle(events::Seq seq);

  /// Everything up to here is settled.
  [[nodiscard]] events::Seq cursor() const;
  /// Settled ranges above the cursor, as the store keeps them.
  [[nodiscard]] std::vector<store::SeqRange> settled() const;

  /// Events taken in and not yet below the cursor.
  [[nodiscard]] std::size_t open() const { return entries_.size(); }

 private:
  struct Entry {
    events::Seq seq = 0;
    bool settled = false;
  };

  events::Seq taken_upto_;
  std::deque<Entry> entries_;                   // ascending; the first is not settled
  std::deque<store::SeqRange> settled_before_;  // of the run before this one, above taken_upto_
};

}  // namespace aev::delivery
