#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <variant>

namespace aev::analytics {

/// What an event may say about its debate as a whole.
enum class Fact : std::uint8_t {
  kTask,           ///< text: the question
  kDomain,         ///< text
  kProtocol,       ///< text: how consensus is found
  kPlannedRounds,  ///< integer
  kEndConsensus,   ///< integer 0 or 1, by debate_end
  kEndConfidence,  ///< real, by debate_end
  kRoundsUsed,     ///< integer, by debate_end
  kDuration,       ///< real, seconds, by debate_end
  kWinner,         ///< text, by debate_end
  kFailure,        ///< text, by debate_end: why the debate failed; empty: it did not
  kConsensus,      ///< integer 0 or 1, by consensus
  kConfidence,     ///< real, by consensus
  kFatalError,     ///< text, by an error that cannot be recovered from
};

inline constexpr std::size_t kFactCount = 13;

using FactValue = std::variant<std::monostate, std::int64_t, double, std::string>;

/// The facts of one debate, each from the latest event that states it. "Latest" is by the event's
/// order in the host's log, whatever the order in which events are counted: merging is commutative
/// and idempotent.
class DebateFacts {
 public:
  struct Slot {
    std::uint64_t order = 0;  ///< 0: not known
    FactValue value;
  };

  void set(Fact fact, std::uint64_t order, FactValue value) {
    Slot& slot = slots_[static_cast<std::size_t>(fact)];
    if (order > slot.order) {
      slot = {order, std::move(value)};
    }
  }

  void merge(const DebateFacts& other) {
    for (std::size_t i = 0; i < kFactCount; ++i) {
      if (other.slots_[i].order > slots_[i].order) {
        slots_[i] = other.slots_[i];
      }
    }
  }

  [[nodiscard]] const Slot& operator[](std::size_t fact) const { return slots_[fact]; }

  [[nodiscard]] Slot& operator[](std::size_t fact) { return slots_[fact]; }

 private:
  std::array<Slot, kFactCount> slots_;
};

}  // namespace aev::analytics
