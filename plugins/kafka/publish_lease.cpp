#include "publish_lease.h"

namespace aev::kafka {

PublishLease::PublishLease(const sdk::Batch& batch)
    : batch_id(batch.id()),
      taken(std::chrono::steady_clock::now()),
      tags(batch.size()),
      open(batch.size() + 1) {
  for (std::uint32_t i = 0; i < batch.size(); ++i) {
    tags[i] = {this, i, false};
  }
}

PublishLease& LeaseShelf::add(const sdk::Batch& batch) {
  auto lease = std::make_unique<PublishLease>(batch);
  PublishLease& added = *lease;
  const std::lock_guard lock(mutex_);
  leases_.emplace(&added, std::move(lease));
  return added;
}

void LeaseShelf::settle(PublishLease& lease, std::uint32_t count) {
  if (lease.open.fetch_sub(count, std::memory_order_acq_rel) == count) {
    const std::lock_guard lock(mutex_);
    leases_.erase(&lease);
  }
}

}  // namespace aev::kafka
