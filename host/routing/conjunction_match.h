#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "routing/flat_event.h"
#include "routing/matcher.h"
#include "routing/path_table.h"

namespace aev::routing {

/// A conjunction's condition with its path as a number.
struct IndexedCondition {
  PathId path = 0;
  bool absent = false;
  std::shared_ptr<const std::vector<Matcher>> any;
};

/// Decides whether all conditions of a conjunction hold for values that fit together: for each
/// array that two of these values are in, in the same element of it. A field counts as absent if
/// every value of it is in another element than the values that conditions on earlier paths have
/// taken; this asymmetry is Event Ruler's. Confined to one thread, which keeps it for its memory.
class ConjunctionMatch {
 public:
  /// `conditions` are ascending by the paths' names.
  [[nodiscard]] bool matches(const std::vector<IndexedCondition>& conditions,
                             const FlatEvent& event);

 private:
  /// A place that may serve a condition, or that speaks against its absence.
  struct Item {
    std::uint32_t place = 0;
    std::uint32_t condition = 0;
  };

  using Mask = std::uint64_t;
  struct Group;

  [[nodiscard]] bool collect(const std::vector<IndexedCondition>& conditions,
                             const FlatEvent& event);
  void merge_from(std::size_t first);
  [[nodiscard]] bool fits(
      std::uint32_t place, std::size_t first, std::size_t last, Mask wanted, Mask absent);
  [[nodiscard]] bool share_out(std::uint32_t place, std::vector<Group>& groups, Mask open);
  [[nodiscard]] bool element_fits(std::uint32_t place, const Group& group);
  [[nodiscard]] std::uint32_t child_of(std::uint32_t place, std::uint32_t descendant) const;

  const FlatEvent* event_ = nullptr;
  std::vector<Item> items_;
  Mask wanted_ = 0;
  Mask absent_ = 0;
  std::size_t steps_ = 0;
};

}  // namespace aev::routing
