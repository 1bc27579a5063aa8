#pragma once

#include <cstdint>
#include <vector>

namespace aev::routing {

/// A hash table from 64-bit keys, hashes already, to numbers. A key may have several numbers. Two
/// things with one hash are not told apart: whoever asks checks the answer. Immutable once filled.
class TargetTable {
 public:
  void add(std::uint64_t key, std::uint32_t target) {
    if (++used_ * 2 > slots_.size()) {
      grow();
    }
    place({key, target, true});
  }

  [[nodiscard]] bool empty() const { return used_ == 0; }

  template <typename Visit>
  void find(std::uint64_t key, const Visit& visit) const {
    if (slots_.empty()) {
      return;
    }
    const std::size_t mask = slots_.size() - 1;
    for (std::size_t at = key & mask; slots_[at].used; at = (at + 1) & mask) {
      if (slots_[at].key == key) {
        visit(slots_[at].target);
      }
    }
  }

 private:
  struct Slot {
    std::uint64_t key = 0;
    std::uint32_t target = 0;
    bool used = false;
  };

  void place(const Slot& slot) {
    const std::size_t mask = slots_.size() - 1;
    std::size_t at = slot.key & mask;
    while (slots_[at].used) {
      at = (at + 1) & mask;
    }
    slots_[at] = slot;
  }

  void grow() {
    std::vector<Slot> old(slots_.empty() ? 4 : slots_.size() * 2);
    old.swap(slots_);
    for (const Slot& slot : old) {
      if (slot.used) {
        place(slot);
      }
    }
  }

  std::vector<Slot> slots_;  // their number is a power of two, at least half of them unused
  std::size_t used_ = 0;
};

}  // namespace aev::routing
