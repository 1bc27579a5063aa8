#pragma once

#include <cstdint>
#include <utility>
#include <vector>

#include "routing/conjunction_match.h"
#include "routing/flat_event.h"
#include "routing/path_table.h"
#include "routing/pattern.h"
#include "routing/value_index.h"

namespace aev::routing {

/// All conjunctions of all routes, as a tree of decisions. Each conjunction is entered under the
/// condition that tells most about it: spelled-out values before prefixes before ranges, and rare
/// ones before those that many conjunctions share. Where many end up together, they are told apart
/// by their next conditions in the same way. An event walks only into the nodes that its values
/// lead to; what it finds at the end is checked in full, so the tree may lead to too much but never
/// misses. Immutable once finished.
class RouteIndex {
 public:
  /// A conjunction as numbers.
  struct Entry {
    std::uint32_t route = 0;
    std::vector<IndexedCondition> conditions;
  };

  static constexpr std::uint32_t kRoot = 0;

  struct Node {
    std::vector<std::uint32_t> checks;                     ///< entries to look at
    std::vector<std::pair<PathId, ValueIndex>> values;     ///< to nodes; ascending by path
    std::vector<std::pair<PathId, std::uint32_t>> absent;  ///< to nodes, if there is no such value
    bool needs_data = false;  ///< something here is about a field of `data`
  };

  void add(std::uint32_t route, const Pattern& pattern);
  void finish();

  [[nodiscard]] const PathTable& paths() const { return paths_; }

  [[nodiscard]] const std::vector<Entry>& entries() const { return entries_; }

  [[nodiscard]] const Node& node(std::uint32_t number) const { return nodes_[number]; }

  [[nodiscard]] std::size_t nodes() const { return nodes_.size(); }

 private:
  friend class RouteIndexBuilder;

  PathTable paths_;
  std::vector<bool> is_data_;  // by path
  std::vector<Entry> entries_;
  std::vector<Node> nodes_;
};

}  // namespace aev::routing
