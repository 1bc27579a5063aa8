#include "applied_seqs.h"

#include <algorithm>
#include <bit>
#include <cstring>
#include <string_view>

namespace aev::analytics {
namespace {

/// Clean chunks in memory: a quarter of a MiB.
constexpr std::size_t kMaxChunks = 256;

}  // namespace

bool AppliedSeqs::Chunk::full() const {
  return std::all_of(bits.begin(), bits.end(), [](std::uint64_t word) { return ~word == 0; });
}

AppliedSeqs::AppliedSeqs(Database& database, std::int64_t log, std::uint64_t floor)
    : database_(database),
      log_(log),
      floor_(floor),
      read_(database.prepare("SELECT bits FROM applied WHERE log = ? AND chunk = ?")),
      write_(database.prepare("INSERT INTO applied(log, chunk, bits) VALUES(?, ?, ?) "
                              "ON CONFLICT DO UPDATE SET bits = excluded.bits")),
      remove_upto_(database.prepare("DELETE FROM applied WHERE log = ? AND chunk < ?")) {}

AppliedSeqs::Chunk AppliedSeqs::read(std::uint64_t number) const {
  Chunk out;
  if (read_.bind(1, log_).bind(2, static_cast<std::int64_t>(number)).step()) {
    const std::string_view bits = read_.text(0);
    std::memcpy(out.bits.data(), bits.data(), std::min(bits.size(), sizeof out.bits));
  }
  read_.reset();
  return out;
}

AppliedSeqs::Chunk& AppliedSeqs::chunk(std::uint64_t number) {
  if (last_ == nullptr || last_number_ != number) {
    auto at = chunks_.find(number);
    if (at == chunks_.end()) {
      at = chunks_.emplace(number, read(number)).first;
    }
    last_number_ = number;
    last_ = &at->second;
  }
  return *last_;
}

/// A chunk in which everything up to the floor is set.
AppliedSeqs::Chunk AppliedSeqs::with_floor(std::uint64_t number) const {
  const std::uint64_t first = number * kSeqsPerChunk;
  Chunk out;
  if (floor_ < first + kSeqsPerChunk - 1) {
    const auto at = chunks_.find(number);
    out = at == chunks_.end() ? read(number) : at->second;
  }
  for (std::uint64_t seq = first; seq <= floor_ && seq < first + kSeqsPerChunk; ++seq) {
    out.bits[seq % kSeqsPerChunk / 64] |= std::uint64_t{1} << (seq % 64);
  }
  return out;
}

bool AppliedSeqs::add(std::uint64_t seq) {
  if (seq <= floor_) {
    return false;
  }
  Chunk& at = chunk(seq / kSeqsPerChunk);
  std::uint64_t& word = at.bits[seq % kSeqsPerChunk / 64];
  const std::uint64_t bit = std::uint64_t{1} << (seq % 64);
  if ((word & bit) != 0) {
    return false;
  }
  word |= bit;
  at.dirty = true;
  return true;
}

void AppliedSeqs::raise_floor(std::uint64_t seq) {
  floor_ = std::max(floor_, seq);
}

void AppliedSeqs::cut_above(std::uint64_t seq) {
  const std::uint64_t number = seq / kSeqsPerChunk;
  floor_ = std::min(floor_, seq);
  database_.prepare("DELETE FROM applied WHERE log = ? AND chunk > ?")
      .bind(1, log_)
      .bind(2, static_cast<std::int64_t>(number))
      .run();
  chunks_.erase(chunks_.upper_bound(number), chunks_.end());
  last_ = nullptr;
  Chunk& border = chunk(number);
  for (std::uint64_t above = seq + 1; above / kSeqsPerChunk == number; ++above) {
    border.bits[above % kSeqsPerChunk / 64] &= ~(std::uint64_t{1} << (above % 64));
  }
  border.dirty = true;
}

std::uint64_t AppliedSeqs::missing_in(const AppliedSeqs& other,
                                      std::uint64_t first,
                                      std::uint64_t last) const {
  std::uint64_t missing = 0;
  for (std::uint64_t number = first / kSeqsPerChunk; number <= last / kSeqsPerChunk; ++number) {
    const Chunk ours = with_floor(number);
    const Chunk theirs = other.with_floor(number);
    for (std::size_t i = 0; i < ours.bits.size(); ++i) {
      const std::uint64_t base = number * kSeqsPerChunk + i * 64;
      for (std::uint64_t rest = ours.bits[i] & ~theirs.bits[i]; rest != 0; rest &= rest - 1) {
        const std::uint64_t seq = base + static_cast<std::uint64_t>(std::countr_zero(rest));
        missing += seq >= first && seq <= last ? 1 : 0;
      }
    }
  }
  return missing;
}

void AppliedSeqs::absorb_full_chunks() {
  // Seq 0 does not exist: being below the floor it counts as set.
  for (std::uint64_t number = (floor_ + 1) / kSeqsPerChunk;
       chunks_.contains(number) && with_floor(number).full(); ++number) {
    floor_ = (number + 1) * kSeqsPerChunk - 1;
  }
}

void AppliedSeqs::save() {
  absorb_full_chunks();
  const std::uint64_t first_kept = (floor_ + 1) / kSeqsPerChunk;
  for (auto& [number, chunk] : chunks_) {
    if (chunk.dirty && number >= first_kept) {
      write_.bind(1, log_)
          .bind(2, static_cast<std::int64_t>(number))
          .bind_blob(3, std::string_view(reinterpret_cast<const char*>(chunk.bits.data()),
                                         sizeof chunk.bits))
          .run();
    }
    chunk.dirty = false;
  }
  remove_upto_.bind(1, log_).bind(2, static_cast<std::int64_t>(first_kept)).run();
  chunks_.erase(chunks_.begin(), chunks_.lower_bound(first_kept));
  while (chunks_.size() > kMaxChunks) {
    chunks_.erase(chunks_.begin());
  }
  last_ = nullptr;
}

void AppliedSeqs::forget(std::uint64_t floor) {
  floor_ = floor;
  chunks_.clear();
  last_ = nullptr;
}

}  // namespace aev::analytics
