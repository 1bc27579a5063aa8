#include "loader/violations.h"

#include <utility>

namespace aev::loader {
namespace {

constexpr Duration kLogInterval = std::chrono::seconds(10);

struct Wording {
  const char* label;
  const char* message;
};

constexpr std::array<Wording, 9> kWordings{{
    {"foreign_batch", "plugin completed a batch that it was never given; dropped"},
    {"completed_twice", "plugin completed an event that was completed before; dropped"},
    {"out_of_range", "plugin completed events that the batch does not have; dropped"},
    {"not_accepted", "plugin completed events that it did not accept; dropped"},
    {"bad_results", "plugin reported results that cannot be read; dropped"},
    {"accepted_too_many", "plugin accepted more events than the batch has"},
    {"deliver_failed", "plugin answered deliver() with an error; it keeps none of the batch"},
    {"stopped_early", "plugin said that it stopped without being asked to; ignored"},
    {"unsettled", "plugin said that it stopped with events not completed; they are retried"},
}};

}  // namespace

Violations::Violations(std::string subscriber, const Clock& clock, Metrics& metrics, Logger logger)
    : subscriber_(std::move(subscriber)),
      clock_(clock),
      metrics_(metrics),
      logger_(std::move(logger)) {
  static_assert(kWordings.size() == kKinds);
}

void Violations::report(Violation kind, std::string_view detail) {
  const auto index = static_cast<std::size_t>(kind);
  const Wording& wording = kWordings[index];
  const MonoTime now = clock_.mono_now();
  std::uint64_t unlogged = 0;
  {
    MutexLock lock(mutex_);
    Seen& seen = seen_[index];
    if (!seen.any) {
      seen.counter = metrics_.counter("aragora_plugin_contract_violations_total",
                                      "Times that a plugin broke the contract with the host.",
                                      {{"subscriber", subscriber_}, {"kind", wording.label}});
    }
    seen.counter.add();
    if (seen.any && now - seen.logged < kLogInterval) {
      ++seen.unlogged;
      return;
    }
    seen.any = true;
    seen.logged = now;
    unlogged = std::exchange(seen.unlogged, 0);
  }
  if (unlogged == 0) {
    logger_.warning(wording.message, {{"subscriber", subscriber_}, {"detail", detail}});
  } else {
    logger_.warning(wording.message,
                    {{"subscriber", subscriber_}, {"detail", detail}, {"not_logged", unlogged}});
  }
}

}  // namespace aev::loader
