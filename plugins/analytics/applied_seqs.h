#pragma once

#include <array>
#include <cstdint>
#include <map>

#include "database.h"

namespace aev::analytics {

/// Which events of one log have been counted. Everything up to floor() counts as such; above it
/// there is one bit for each seq, kept in chunks in the table `applied`. Events are delivered out
/// of order (retries, order_by, dead letters that are redriven days later) and with gaps (events
/// that were routed elsewhere), so a cursor alone would not do.
///
/// Changes are in memory until save(), inside the transaction that also writes the figures; after a
/// transaction that failed call forget(). Confined to the thread of its Database. Throws
/// DatabaseError.
class AppliedSeqs {
 public:
  AppliedSeqs(Database& database, std::int64_t log, std::uint64_t floor);

  /// Marks an event as counted; false if it was already.
  [[nodiscard]] bool add(std::uint64_t seq);

  /// Everything up to `seq` is settled or gone from the log: will not be asked for again.
  void raise_floor(std::uint64_t seq);

  /// Forgets all above `seq`: those numbers will be given to other events.
  void cut_above(std::uint64_t seq);

  /// How many seqs from `first` to `last` count as counted here and not in `other`.
  [[nodiscard]] std::uint64_t missing_in(const AppliedSeqs& other,
                                         std::uint64_t first,
                                         std::uint64_t last) const;

  [[nodiscard]] std::uint64_t floor() const { return floor_; }

  /// Writes what changed.
  void save();

  /// Drops what is in memory; `floor` as the file has it.
  void forget(std::uint64_t floor);

 private:
  static constexpr std::uint64_t kSeqsPerChunk = 8192;

  struct Chunk {
    std::array<std::uint64_t, kSeqsPerChunk / 64> bits{};
    bool dirty = false;

    [[nodiscard]] bool full() const;
  };

  Chunk& chunk(std::uint64_t number);
  [[nodiscard]] Chunk read(std::uint64_t number) const;
  [[nodiscard]] Chunk with_floor(std::uint64_t number) const;
  void absorb_full_chunks();

  Database& database_;
  const std::int64_t log_;
  std::uint64_t floor_;
  std::map<std::uint64_t, Chunk> chunks_;
  std::uint64_t last_number_ = 0;
  Chunk* last_ = nullptr;  // chunks_[last_number_]
  mutable Statement read_;
  Statement write_;
  Statement remove_upto_;
};

}  // namespace aev::analytics
