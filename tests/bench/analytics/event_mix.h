#pragma once

#include <cstdint>
#include <deque>
#include <string>
#include <vector>

#include <aev/plugin.h>

namespace aev::bench {

/// Events as a host leases them, with the memory that they point into.
struct EventMix {
  std::deque<std::string> texts;
  std::deque<std::vector<aev_attr>> attributes;
  std::vector<aev_event> events;
};

/// `count` events made of the recorded debates, over and over under new names: several debates run
/// at once, and time goes on by ten events a second. Throws std::runtime_error.
[[nodiscard]] EventMix make_events(const std::string& recorded_file, std::size_t count);

}  // namespace aev::bench
