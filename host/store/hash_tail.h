#pragma once

#include <cstdint>
#include <vector>

#include "events/event.h"

namespace aev::store {

/// Map from a 64-bit hash to the newest seq with it: open addressing, no allocation per entry.
/// Confined to one thread.
class HashTail {
 public:
  HashTail();
  void insert(std::uint64_t hash, events::Seq seq);
  /// 0 if it is not there.
  [[nodiscard]] events::Seq find(std::uint64_t hash) const;
  /// Drops every entry with a seq in [first, last].
  void remove_range(events::Seq first, events::Seq last);

 private:
  struct Slot {
    std::uint64_t hash = 0;
    events::Seq seq = 0;  // 0: free
  };

  void rebuild(std::size_t capacity, events::Seq first, events::Seq last);
  [[nodiscard]] std::size_t slot_of(std::uint64_t hash) const;

  std::vector<Slot> slots_;
  std::size_t used_ = 0;
};

}  // namespace aev::store
