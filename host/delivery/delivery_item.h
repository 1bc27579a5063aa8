#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "core/clock.h"
#include "events/event.h"

namespace aev::delivery {

/// One delivery that is not settled.
struct DeliveryItem {
  events::EventRef event;
  std::string_view key;        ///< ordering key, a view into the event; empty: none
  MonoTime arrived{};          ///< when the lane took it in
  MonoTime due{};              ///< of a retry
  std::uint64_t replay = 0;    ///< id of the replay that asked for it, 0 if none
  std::uint32_t attempts = 0;  ///< that ended
  bool from_log = false;       ///< counts for the cursor until it is settled or has a row
  bool has_row = false;        ///< a retry row in the store stands for it
  bool owns_key = false;       ///< holds back later events of its key
  std::int64_t first_attempt_unix_ns = 0;
};

/// The ordering key of `event` under `order_by`; a JSON string attribute without its quotes.
[[nodiscard]] std::string_view ordering_key(const events::Event& event, std::string_view order_by);

}  // namespace aev::delivery
