#pragma once

#include <cstdint>
#include <deque>
#include <memory>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include <aev/plugin.h>

#include "core/mutex.h"
#include "loader/instance.h"
#include "loader/violations.h"

namespace aev::loader {

/// What came of a plugin's results.
struct Verdict {
  std::vector<Settlement> settlements;                          ///< valid and first-time
  std::vector<std::pair<Violation, std::uint64_t>> violations;  ///< and the batch that they name
};

/// The leases of one instance, in the shape the plugin reads them, pinned until every event is
/// settled; and the judge of what may be settled. Thread-safe.
///
/// Results that come while deliver() runs are held back until it has returned, because only then it
/// is known which events the plugin took:  add -> [settle] -> accept -> end_deliver -> settle ...
class LeaseTable {
 public:
  LeaseTable() = default;
  ~LeaseTable();
  LeaseTable(const LeaseTable&) = delete;
  LeaseTable& operator=(const LeaseTable&) = delete;

  /// Pins the lease. The batch stays valid at least while the returned pointer is held.
  /// Precondition: the batch id is new and the lease not empty.
  [[nodiscard]] std::shared_ptr<const aev_batch> add(Lease lease) AEV_EXCLUDES(mutex_);

  /// Judges `count` results, `stride` bytes apart (at least sizeof(aev_result)).
  void settle(const aev_result* results,
              std::uint32_t count,
              std::uint32_t stride,
              Verdict& verdict) AEV_EXCLUDES(mutex_);

  /// deliver() has returned and took the first `accepted` events; the others are no longer leased.
  void accept(std::uint64_t batch_id, std::uint32_t accepted, Verdict& verdict)
      AEV_EXCLUDES(mutex_);

  /// Gives out what was held back of this batch; from here on results are judged as they come.
  [[nodiscard]] std::vector<Settlement> end_deliver(std::uint64_t batch_id) AEV_EXCLUDES(mutex_);

  /// Ends every lease: gives out what was held back, then the rest as kRetry with `reason`. Later
  /// results are all foreign. With `pin_forever` the memory stays for a plugin that may still read
  /// it.
  [[nodiscard]] std::vector<Settlement> end_all(std::string_view reason,
                                                bool plugin_fault,
                                                bool pin_forever) AEV_EXCLUDES(mutex_);

 private:
  struct Record;
  using Records = std::unordered_map<std::uint64_t, std::shared_ptr<Record>>;

  void settle_one(const aev_result& result, Verdict& verdict) AEV_REQUIRES(mutex_);
  void forget_if_done(Records::iterator at) AEV_REQUIRES(mutex_);

  Mutex mutex_;
  Records records_ AEV_GUARDED_BY(mutex_);
  std::deque<std::uint64_t> done_ AEV_GUARDED_BY(mutex_);  // to tell a double from a foreign one
  std::vector<std::shared_ptr<Record>> pinned_ AEV_GUARDED_BY(mutex_);
};

}  // namespace aev::loader
