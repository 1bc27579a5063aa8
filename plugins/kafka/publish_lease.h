#pragma once

#include <atomic>
#include <memory>
#include <mutex>
#include <string>
#include <unordered_map>
#include <vector>

#include <aev/plugin.hpp>

namespace aev::kafka {

struct PublishLease;

/// What a message carries through librdkafka: which event it is.
struct MessageTag {
  PublishLease* lease = nullptr;
  std::uint32_t index = 0;
  bool alone = false;  ///< sent again in a batch of its own
};

/// A lease of events on its way, with the values that were made for them.
struct PublishLease {
  explicit PublishLease(const sdk::Batch& batch);

  const std::uint64_t batch_id;
  const sdk::MonoTime taken;
  std::string values;
  std::vector<std::size_t> ends;  ///< of each event's value in `values`
  std::vector<MessageTag> tags;
  /// Events whose fate is still open, and one for deliver() itself. Whoever takes the last one
  /// gives the lease back; that decrement sees all others' work (acquire and release).
  std::atomic<std::uint32_t> open;
};

/// Owns leases until they are given back, or all at the end. Thread-safe.
class LeaseShelf {
 public:
  /// The lease's address is its handle.
  PublishLease& add(const sdk::Batch& batch);

  /// `count` of its events are done with.
  void settle(PublishLease& lease, std::uint32_t count);

 private:
  std::mutex mutex_;
  std::unordered_map<const PublishLease*, std::unique_ptr<PublishLease>> leases_;
};

}  // namespace aev::kafka
