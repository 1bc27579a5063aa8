#pragma once

#include <cstdint>
#include <vector>

#include "events/event.h"
#include "routing/conjunction_match.h"
#include "routing/event_reader.h"
#include "routing/route_index.h"

namespace aev::routing {

/// Takes events through an index. Confined to one thread, which keeps it for its memory; any number
/// of indexes may use it, one after the other.
class RouteWalk {
 public:
  /// The routes that match, ascending. Good until the next call.
  [[nodiscard]] const std::vector<std::uint32_t>& matching(const RouteIndex& index,
                                                           const events::Event& event);

 private:
  void visit(std::uint32_t node);
  void visit_values(const RouteIndex::Node& node);
  void visit_field(PathId path, const ValueIndex& values);
  void check(std::uint32_t entry);

  const RouteIndex* index_ = nullptr;
  const events::Event* event_ = nullptr;
  EventReader reader_;
  ConjunctionMatch match_;
  std::vector<std::uint64_t> visited_;         // by node: the number of the last walk that came by
  std::vector<std::uint64_t> matched_routes_;  // by route, likewise
  std::uint64_t walk_ = 0;
  std::vector<std::uint32_t> matched_;
};

}  // namespace aev::routing
