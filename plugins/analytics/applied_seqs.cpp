#include "applied_seqs.h"

#include <algorithm>
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

AppliedSeqs::Chunk& AppliedSeqs::chunk(std::uint64_t number) {
  if (last_ != nullptr && last_number_ == number) {
    return *last_;
  }
  const auto [at, made] = chunks_.try_emplace(number);
  if (made) {
    try {
      if (read_.bind(1, log_).bind(2, static_cast<std::int64_t>(number)).step()) {
        const std::string_view bits = read_.text(0);
        std::memcpy(at->second.bits.data(), bits.data(),
                    std::min(bits.size(), sizeof(at->second.bits)));
      }
      read_.reset();
    } catch (...) {
      chunks_.erase(at);
      throw;
    }
  }
  last_number_ = number;
  last_ = &at->second;
  return *last_;
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

void AppliedSeqs::absorb_full_chunks() {
  // Seq 0 does not exist, so the first chunk is full without it.
  for (;;) {
    const std::uint64_t number = (floor_ + 1) / kSeqsPerChunk;
    const auto at = chunks_.find(number);
    if (at == chunks_.end()) {
      return;
    }
    Chunk probe = at->second;
    for (std::uint64_t seq = number * kSeqsPerChunk; seq <= floor_; ++seq) {
      probe.bits[seq % kSeqsPerChunk / 64] |= std::uint64_t{1} << (seq % 64);
    }
    if (!probe.full()) {
      return;
    }
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
