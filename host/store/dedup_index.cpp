#include "store/dedup_index.h"

#include <algorithm>

namespace aev::store {
namespace {

/// A slice is sorted as a whole: the more it holds, the fewer pages each of its rows costs.
constexpr std::size_t kSliceEntries = 65'536;
/// Buckets whose filter is kept; ids in older ones are searched for in the table.
constexpr std::size_t kMaxBlooms = 16;

std::uint64_t bucket_of(events::Seq seq) {
  return seq >> kBucketShift;
}

std::int64_t as_column(std::uint64_t hash) {
  return static_cast<std::int64_t>(hash);
}

}  // namespace

std::uint64_t hash_text(std::string_view text) {
  std::uint64_t hash = 14695981039346656037ull;
  for (const char each : text) {
    hash = (hash ^ static_cast<unsigned char>(each)) * 1099511628211ull;
  }
  // FNV's low bits are weak, and tables are indexed by them.
  hash ^= hash >> 32;
  hash *= 0x9e3779b97f4a7c15ull;
  hash ^= hash >> 29;
  return hash;
}

void DedupIndex::Bloom::add(std::uint64_t hash) {
  for (int probe = 0; probe < 4; ++probe) {
    const std::uint64_t bit = (hash + static_cast<std::uint64_t>(probe) * (hash >> 32 | 1)) &
                              ((std::uint64_t{1} << kBits) - 1);
    words_[bit / 64] |= std::uint64_t{1} << (bit % 64);
  }
}

bool DedupIndex::Bloom::may_contain(std::uint64_t hash) const {
  for (int probe = 0; probe < 4; ++probe) {
    const std::uint64_t bit = (hash + static_cast<std::uint64_t>(probe) * (hash >> 32 | 1)) &
                              ((std::uint64_t{1} << kBits) - 1);
    if ((words_[bit / 64] >> (bit % 64) & 1) == 0) {
      return false;
    }
  }
  return true;
}

Result<DedupIndex> DedupIndex::open(Connection& connection, Duration window) {
  DedupIndex index;
  index.window_ = window;
  AEV_ASSIGN(index.by_hash_,
             connection.prepare(
                 "SELECT seq FROM event_ids WHERE bucket = ? AND hash = ? ORDER BY seq DESC"));
  AEV_ASSIGN(index.event_by_seq_,
             connection.prepare("SELECT id, received_ns FROM events WHERE seq = ?"));
  AEV_ASSIGN(
      index.insert_id_,
      connection.prepare("INSERT OR IGNORE INTO event_ids(bucket, hash, seq) VALUES(?,?,?)"));
  AEV_ASSIGN(index.insert_debate_,
             connection.prepare("INSERT OR IGNORE INTO event_debates(hash, seq) VALUES(?,?)"));
  AEV_ASSIGN(index.set_indexed_,
             connection.prepare("UPDATE meta SET value = ? WHERE name = 'indexed_upto'"));
  AEV_RETURN_IF_ERROR(index.load_tail(connection));
  return index;
}

Result<void> DedupIndex::load_tail(Connection& connection) {
  AEV_ASSIGN(const std::int64_t upto,
             connection.query_integer("SELECT value FROM meta WHERE name = 'indexed_upto'"));
  AEV_ASSIGN(const std::int64_t first, connection.query_integer("SELECT min(seq) FROM events"));
  indexed_upto_ = static_cast<events::Seq>(upto);
  first_bucket_ = bucket_of(static_cast<events::Seq>(first));
  AEV_ASSIGN(
      Statement rows,
      connection.prepare("SELECT seq, id, debate_id FROM events WHERE seq > ? ORDER BY seq"));
  rows.bind(1, upto);
  while (true) {
    AEV_ASSIGN(const bool row, rows.step());
    if (!row) {
      return {};
    }
    const auto seq = static_cast<events::Seq>(rows.integer(0));
    const std::string_view debate = rows.bytes(2);
    const std::uint64_t hash = hash_text(rows.bytes(1));
    waiting_.push_back({hash, debate.empty() ? 0 : hash_text(debate), seq});
    tail_.insert(hash, seq);
  }
}

Result<bool> DedupIndex::is_duplicate(std::string_view id, events::Seq seq, std::int64_t oldest) {
  event_by_seq_.bind(1, static_cast<std::int64_t>(seq));
  AEV_ASSIGN(const bool row, event_by_seq_.step());
  const bool same = row && event_by_seq_.bytes(0) == id && event_by_seq_.integer(1) >= oldest;
  event_by_seq_.reset();
  return same;
}

Result<events::Seq> DedupIndex::find(std::string_view id, std::int64_t now_unix_ns) {
  const std::uint64_t hash = hash_text(id);
  const std::int64_t oldest = now_unix_ns - window_.count();
  if (const events::Seq seq = tail_.find(hash); seq != 0) {
    AEV_ASSIGN(const bool same, is_duplicate(id, seq, oldest));
    if (same) {
      return seq;
    }
  }
  const std::uint64_t newest = bucket_of(std::max(indexed_upto_, sorted_last_));
  for (std::uint64_t bucket = newest + 1; bucket-- > first_bucket_;) {
    const auto bloom = blooms_.find(bucket);
    if (bloom != blooms_.end() && !bloom->second.may_contain(hash)) {
      continue;
    }
    by_hash_.bind(1, static_cast<std::int64_t>(bucket)).bind(2, as_column(hash));
    while (true) {
      AEV_ASSIGN(const bool row, by_hash_.step());
      if (!row) {
        break;
      }
      const auto seq = static_cast<events::Seq>(by_hash_.integer(0));
      AEV_ASSIGN(const bool same, is_duplicate(id, seq, oldest));
      if (same) {
        by_hash_.reset();
        return seq;
      }
    }
    by_hash_.reset();
  }
  return events::Seq{0};
}

void DedupIndex::add(std::string_view id, std::string_view debate_id, events::Seq seq) {
  const std::uint64_t hash = hash_text(id);
  waiting_.push_back({hash, debate_id.empty() ? 0 : hash_text(debate_id), seq});
  tail_.insert(hash, seq);
  const std::uint64_t bucket = bucket_of(seq);
  // A filter is of use only if it has seen its bucket from the first event on.
  auto bloom = blooms_.find(bucket);
  if (bloom == blooms_.end() && (seq & ((events::Seq{1} << kBucketShift) - 1)) <= 1) {
    bloom = blooms_.emplace(bucket, Bloom()).first;
    if (blooms_.size() > kMaxBlooms) {
      blooms_.erase(blooms_.begin());
    }
  }
  if (bloom != blooms_.end()) {
    bloom->second.add(hash);
  }
}

void DedupIndex::roll_back_to(events::Seq last) {
  if (waiting_.empty() || waiting_.back().seq <= last) {
    return;
  }
  const events::Seq newest = waiting_.back().seq;
  while (!waiting_.empty() && waiting_.back().seq > last) {
    waiting_.pop_back();
  }
  tail_.remove_range(last + 1, newest);
}

void DedupIndex::begin_slices() {
  const std::size_t count = std::min(waiting_.size(), kSliceEntries);
  sorted_.assign(waiting_.begin(), waiting_.begin() + static_cast<std::ptrdiff_t>(count));
  sorted_last_ = sorted_.back().seq;
  waiting_.erase(waiting_.begin(), waiting_.begin() + static_cast<std::ptrdiff_t>(count));
  std::sort(sorted_.begin(), sorted_.end(), [](const Entry& a, const Entry& b) {
    // By bucket first, as the table is; as the column is signed, so is the order.
    return std::pair(bucket_of(a.seq), as_column(a.id_hash)) <
           std::pair(bucket_of(b.seq), as_column(b.id_hash));
  });
  written_ = committed_ = 0;
}

Result<void> DedupIndex::write_slice(std::size_t rows, bool idle) {
  if (sorted_.empty()) {
    if (waiting_.empty() || (!idle && waiting_.size() < kSliceEntries)) {
      return {};
    }
    begin_slices();
  }
  const std::size_t end = std::min(sorted_.size(), committed_ + rows);
  for (written_ = committed_; written_ < end; ++written_) {
    const Entry& entry = sorted_[written_];
    const auto seq = static_cast<std::int64_t>(entry.seq);
    AEV_RETURN_IF_ERROR(insert_id_.bind(1, static_cast<std::int64_t>(bucket_of(entry.seq)))
                            .bind(2, as_column(entry.id_hash))
                            .bind(3, seq)
                            .run());
    if (entry.debate_hash != 0) {
      AEV_RETURN_IF_ERROR(insert_debate_.bind(1, as_column(entry.debate_hash)).bind(2, seq).run());
    }
  }
  if (written_ == sorted_.size()) {
    AEV_RETURN_IF_ERROR(set_indexed_.bind(1, static_cast<std::int64_t>(sorted_last_)).run());
  }
  return {};
}

void DedupIndex::slice_committed() {
  committed_ = written_;
  if (!sorted_.empty() && committed_ == sorted_.size()) {
    tail_.remove_range(indexed_upto_ + 1, sorted_last_);
    indexed_upto_ = sorted_last_;
    sorted_.clear();
    written_ = committed_ = 0;
  }
}

}  // namespace aev::store
