#include "routing/path_table.h"

#include "routing/hash.h"

namespace aev::routing {

PathTable::PathTable() : nodes_(1), edges_(16) {}

std::size_t PathTable::slot(std::uint32_t node, std::string_view name) const {
  const std::size_t mask = edges_.size() - 1;
  std::size_t at = mix(node, hash_text(name)) & mask;
  while (edges_[at].to != kNone && (edges_[at].from != node || edges_[at].name != name)) {
    at = (at + 1) & mask;
  }
  return at;
}

std::uint32_t PathTable::step(std::uint32_t node, std::string_view name) const {
  return edges_[slot(node, name)].to;
}

std::uint32_t PathTable::child(std::uint32_t node, std::string_view name) const {
  std::uint32_t found = step(node, name);
  if (found != kNone || name.find('.') == std::string_view::npos) {
    return found;
  }
  found = node;
  for (;;) {
    const std::size_t dot = name.find('.');
    found = step(found, name.substr(0, dot));
    if (found == kNone || dot == std::string_view::npos) {
      return found;
    }
    name.remove_prefix(dot + 1);
  }
}

void PathTable::grow() {
  std::vector<Edge> old(edges_.size() * 2);
  old.swap(edges_);
  for (Edge& edge : old) {
    if (edge.to != kNone) {
      Edge& place = edges_[slot(edge.from, edge.name)];
      place = std::move(edge);
    }
  }
}

PathId PathTable::add(std::string_view path) {
  std::uint32_t node = kRoot;
  for (;;) {
    const std::size_t dot = path.find('.');
    const std::string_view name = path.substr(0, dot);
    std::uint32_t next = step(node, name);
    if (next == kNone) {
      next = static_cast<std::uint32_t>(nodes_.size());
      if (++used_ * 2 > edges_.size()) {
        grow();
      }
      edges_[slot(node, name)] = {node, next, std::string(name)};
      nodes_.emplace_back();
      ++nodes_[node].children;
    }
    node = next;
    if (dot == std::string_view::npos) {
      break;
    }
    path.remove_prefix(dot + 1);
  }
  if (nodes_[node].path == kNone) {
    nodes_[node].path = static_cast<PathId>(paths_++);
  }
  return nodes_[node].path;
}

}  // namespace aev::routing
