#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "core/clock.h"
#include "core/log.h"
#include "core/metrics.h"
#include "core/mutex.h"

namespace aev::loader {

/// How a plugin can break the contract without being stopped for it.
enum class Violation : std::uint8_t {
  kForeignBatch,     ///< completed a batch that this instance never had
  kCompletedTwice,   ///< completed an event that was completed before
  kOutOfRange,       ///< completed events that the batch does not have
  kNotAccepted,      ///< completed events that it did not accept
  kBadResults,       ///< results without memory, or of a stride that is too small
  kAcceptedTooMany,  ///< accepted more than the batch has
  kDeliverFailed,    ///< deliver() answered with an error
  kStoppedEarly,     ///< said stopped without being asked to stop
  kUnsettled,        ///< said stopped with events that it had not completed
};

/// Counts an instance's violations (`aragora_plugin_contract_violations_total{subscriber,kind}`)
/// and logs them: of each kind the first, then at most one entry in ten seconds. Thread-safe.
class Violations {
 public:
  /// `clock` and `metrics` are borrowed.
  Violations(std::string subscriber, const Clock& clock, Metrics& metrics, Logger logger);

  /// `detail` says which batch, or what else is worth knowing.
  void report(Violation kind, std::string_view detail) AEV_EXCLUDES(mutex_);

 private:
  static constexpr std::size_t kKinds = 9;

  struct Seen {
    bool any = false;
    MonoTime logged;
    std::uint64_t unlogged = 0;
    Counter counter;
  };

  const std::string subscriber_;
  const Clock& clock_;
  Metrics& metrics_;
  const Logger logger_;
  Mutex mutex_;
  std::array<Seen, kKinds> seen_ AEV_GUARDED_BY(mutex_);
};

}  // namespace aev::loader
