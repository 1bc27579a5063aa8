#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace aev::routing {

/// Number of a path that some pattern names.
using PathId = std::uint32_t;

/// The paths that patterns name, as a tree of names, so that one walk over an event visits only
/// what lies on the way to one of them. Immutable once filled.
class PathTable {
 public:
  static constexpr std::uint32_t kNone = 0xFFFFFFFF;
  static constexpr std::uint32_t kRoot = 0;

  PathTable();

  /// The number of a path, given anew if it has none yet. Numbers count from 0.
  PathId add(std::string_view path);

  [[nodiscard]] std::size_t size() const { return paths_; }

  /// The node that `name` leads to; kNone if no path goes there. A name with dots in it leads as
  /// far as several names would.
  [[nodiscard]] std::uint32_t child(std::uint32_t node, std::string_view name) const;

  /// The path that ends at the node; kNone if none does.
  [[nodiscard]] PathId path_at(std::uint32_t node) const { return nodes_[node].path; }

  [[nodiscard]] bool has_children(std::uint32_t node) const { return nodes_[node].children > 0; }

 private:
  struct Node {
    PathId path = kNone;
    std::uint32_t children = 0;
  };

  struct Edge {
    std::uint32_t from = 0;
    std::uint32_t to = kNone;
    std::string name;
  };

  [[nodiscard]] std::uint32_t step(std::uint32_t node, std::string_view name) const;
  [[nodiscard]] std::size_t slot(std::uint32_t node, std::string_view name) const;
  void grow();

  std::vector<Node> nodes_;
  std::vector<Edge> edges_;  // a hash table with open addressing; its size is a power of two
  std::size_t used_ = 0;
  std::size_t paths_ = 0;
};

}  // namespace aev::routing
