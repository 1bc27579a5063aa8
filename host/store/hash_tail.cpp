#include "store/hash_tail.h"

#include <utility>

namespace aev::store {
namespace {

constexpr std::size_t kFirstCapacity = 1024;

}  // namespace

HashTail::HashTail() : slots_(kFirstCapacity) {}

std::size_t HashTail::slot_of(std::uint64_t hash) const {
  const std::size_t mask = slots_.size() - 1;
  std::size_t at = hash & mask;
  while (slots_[at].seq != 0 && slots_[at].hash != hash) {
    at = (at + 1) & mask;
  }
  return at;
}

void HashTail::insert(std::uint64_t hash, events::Seq seq) {
  if ((used_ + 1) * 2 > slots_.size()) {
    rebuild(slots_.size() * 2, 0, 0);
  }
  Slot& slot = slots_[slot_of(hash)];
  used_ += slot.seq == 0 ? 1 : 0;
  slot = {hash, seq};
}

events::Seq HashTail::find(std::uint64_t hash) const {
  return slots_[slot_of(hash)].seq;
}

void HashTail::remove_range(events::Seq first, events::Seq last) {
  std::size_t kept = 0;
  for (const Slot& slot : slots_) {
    kept += slot.seq != 0 && (slot.seq < first || slot.seq > last) ? 1 : 0;
  }
  std::size_t capacity = kFirstCapacity;
  while (capacity < kept * 4) {
    capacity *= 2;
  }
  rebuild(capacity, first, last);
}

void HashTail::rebuild(std::size_t capacity, events::Seq first, events::Seq last) {
  const std::vector<Slot> old = std::exchange(slots_, std::vector<Slot>(capacity));
  used_ = 0;
  for (const Slot& slot : old) {
    if (slot.seq != 0 && (slot.seq < first || slot.seq > last)) {
      slots_[slot_of(slot.hash)] = slot;
      ++used_;
    }
  }
}

}  // namespace aev::store
