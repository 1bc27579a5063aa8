#pragma once

#include <cstdint>
#include <vector>

#include "routing/matcher.h"
#include "routing/value_index.h"

namespace aev::routing {

/// Which of many anything-but matchers match a value. What each of them excludes is indexed like
/// any matcher; a value that is excluded by nearly all of them leads to the few that remain, not to
/// the many that do not. Immutable once finished.
class ExclusionIndex {
 public:
  /// The matcher must outlive the index.
  void add(const Matcher& matcher, std::uint32_t target);
  void finish();

  /// Appends the targets, exactly those that match.
  void find(const Leaf& leaf, std::vector<std::uint32_t>& found) const;

 private:
  /// Something that is excluded, and who excludes it; or, if those are more than half of all, who
  /// does not.
  struct Excluded {
    const Matcher* what = nullptr;
    bool complement = false;
    std::vector<std::uint32_t> members;  // indices into targets_, ascending
  };

  std::vector<std::uint32_t> targets_;
  std::vector<Excluded> excluded_;
  ValueIndex index_;
};

}  // namespace aev::routing
