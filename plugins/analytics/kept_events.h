#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include <aev/plugin.hpp>

namespace aev::analytics {

/// Copies of the events of a history page, which is valid during its answer only.
class KeptEvents {
 public:
  explicit KeptEvents(const sdk::HistoryPage& page);
  KeptEvents(const KeptEvents&) = delete;
  KeptEvents& operator=(const KeptEvents&) = delete;

  /// Views into this object.
  [[nodiscard]] std::vector<sdk::Event> events() const;

 private:
  std::string bytes_;  // every text of every event
  std::vector<aev_attr> attributes_;
  std::vector<aev_event> events_;
};

}  // namespace aev::analytics
