#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <optional>

namespace aev::kafka {

/// Of one partition: which messages that were read are not settled yet, and so up to where its
/// offset may be committed. Offsets may have gaps (compaction, transactions). Confined to one
/// thread.
class OffsetTracker {
 public:
  /// A message was read; its offset is above all that were opened before. False for one that is
  /// not: it is known already.
  bool open(std::int64_t offset);

  /// A message is settled. The offset to commit now, which is that of the next message to read, if
  /// everything before is settled as well and that is new.
  std::optional<std::int64_t> close(std::int64_t offset);

  [[nodiscard]] std::size_t open_count() const noexcept { return open_; }

  /// The first message that is not settled, as far as any were read: what close() returned last, or
  /// the first offset that was opened.
  [[nodiscard]] std::optional<std::int64_t> settled_upto() const noexcept { return settled_upto_; }

 private:
  struct Entry {
    std::int64_t offset;
    bool closed;
  };

  std::deque<Entry> entries_;  // ascending; the first one is open
  std::size_t open_ = 0;
  std::int64_t last_ = -1;
  std::optional<std::int64_t> settled_upto_;
};

}  // namespace aev::kafka
