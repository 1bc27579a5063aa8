#include "routing/route_walk.h"

#include <algorithm>

namespace aev::routing {

const std::vector<std::uint32_t>& RouteWalk::matching(const RouteIndex& index,
                                                      const events::Event& event) {
  index_ = &index;
  event_ = &event;
  ++walk_;
  matched_.clear();
  if (visited_.size() < index.nodes()) {
    visited_.resize(index.nodes());
  }
  reader_.begin(index.paths(), event);
  visit(RouteIndex::kRoot);
  std::sort(matched_.begin(), matched_.end());
  return matched_;
}

void RouteWalk::visit(std::uint32_t number) {
  if (visited_[number] == walk_) {
    return;
  }
  visited_[number] = walk_;
  const RouteIndex::Node& node = index_->node(number);
  if (node.needs_data) {
    reader_.read_data(index_->paths(), *event_);
  }
  for (const std::uint32_t entry : node.checks) {
    check(entry);
  }
  for (const auto& [path, child] : node.absent) {
    if (!reader_.flat().has_unplaced(path)) {
      visit(child);
    }
  }
  if (!node.values.empty()) {
    visit_values(node);
  }
}

/// Goes by the node's paths or by the event's, whichever are fewer.
void RouteWalk::visit_values(const RouteIndex::Node& node) {
  const std::vector<PathId>& present = reader_.flat().present();
  if (node.values.size() <= present.size()) {
    for (const auto& [path, values] : node.values) {
      visit_field(path, values);
    }
    return;
  }
  for (std::size_t i = 0; i < present.size(); ++i) {
    const auto found =
        std::lower_bound(node.values.begin(), node.values.end(), present[i],
                         [](const auto& each, PathId path) { return each.first < path; });
    if (found != node.values.end() && found->first == present[i]) {
      visit_field(found->first, found->second);
    }
  }
}

void RouteWalk::visit_field(PathId path, const ValueIndex& values) {
  const FlatEvent& flat = reader_.flat();
  for (std::uint32_t at = flat.first(path); at != FlatField::kNone; at = flat.field(at).next) {
    values.find(flat.field(at).leaf, [this, path, at](std::uint32_t child) {
      // What has led here most likely meets the condition; a long array need not be gone through.
      reader_.set_likely(path, at);
      visit(child);
    });
  }
}

void RouteWalk::check(std::uint32_t number) {
  const RouteIndex::Entry& entry = index_->entries()[number];
  if (matched_routes_.size() <= entry.route) {
    matched_routes_.resize(entry.route + 1);
  }
  if (matched_routes_[entry.route] != walk_ && match_.matches(entry.conditions, reader_.flat())) {
    matched_routes_[entry.route] = walk_;
    matched_.push_back(entry.route);
  }
}

}  // namespace aev::routing
