#pragma once

#include <cstdint>
#include <list>
#include <string>
#include <string_view>
#include <unordered_map>

#include <aev/plugin.hpp>

#include "access.h"

namespace aev::websocket {

/// The debates that are going on, as far as this instance has seen their events: what `loop_list`
/// tells. Holds the thousand heard of last. Confined to the I/O thread.
class DebateDirectory {
 public:
  static constexpr std::size_t kMaxDebates = 1000;

  /// debate_end and loop_unregister take a debate out; any other event of it puts it in.
  void note(const sdk::Event& event);

  [[nodiscard]] std::size_t size() const noexcept { return by_id_.size(); }

  /// `{"loops":[{"loop_id","name","started_at","cycle","phase","path"}],"count"}` of those that
  /// `grant` may see, the last heard of first.
  [[nodiscard]] std::string list_json(const Grant& grant) const;

 private:
  struct Entry {
    std::string id;
    std::string name;
    std::string cycle = "0";  // JSON
    std::string phase;
    std::int64_t started_ns = 0;
  };

  std::list<Entry> entries_;  // the last heard of first
  std::unordered_map<std::string_view, std::list<Entry>::iterator> by_id_;
};

}  // namespace aev::websocket
