#pragma once

#include <functional>
#include <string>

#include "delivery/dispatcher.h"

namespace aev::delivery {

/// Which past events a replay sends, ready to be asked.
struct ReplayFilter {
  std::function<bool(const events::Event&)> matches;
  std::uint64_t limit = 0;  ///< 0: none
};

/// The form in which a replay's filter is stored.
[[nodiscard]] std::string encode_replay_filter(const ReplayRequest& request);

/// Reads it back. kInvalid if the pattern in it is wrong.
[[nodiscard]] Result<ReplayFilter> decode_replay_filter(const std::string& json,
                                                        const Dispatcher::PatternCheck& check);

}  // namespace aev::delivery
