#include "routing/route_index.h"

#include <algorithm>
#include <map>
#include <tuple>

#include "routing/matcher_map.h"

namespace aev::routing {
namespace {

/// So few conjunctions are looked at one by one.
constexpr std::size_t kFew = 4;

/// What the tree may hold beyond one place for each alternative of each conjunction. A conjunction
/// with many alternatives for several fields would otherwise be entered under all combinations.
constexpr std::size_t kSpareEntries = 2'000'000;

/// How little a condition tells: first come those that hold for the fewest events.
enum Rank { kValue, kPart, kWildcard, kRange, kExists, kLimit, kAnythingBut, kAbsent, kNothing };

Rank rank(const Matcher& matcher) {
  switch (matcher.kind) {
    case Matcher::Kind::kExact:
    case Matcher::Kind::kEqualsIgnoreCase:
      return kValue;
    case Matcher::Kind::kAddress:
      return matcher.block.bits() >= (matcher.block.base().v6 ? 128 : 32) ? kValue : kPart;
    case Matcher::Kind::kPrefix:
    case Matcher::Kind::kSuffix:
      return kPart;
    case Matcher::Kind::kWildcard:
      return kWildcard;
    case Matcher::Kind::kNumeric:
      return !matcher.has_low || !matcher.has_high ? kLimit
             : matcher.low == matcher.high         ? kValue
                                                   : kRange;
    case Matcher::Kind::kExists:
      return kExists;
    case Matcher::Kind::kAnythingBut:
      return kAnythingBut;
  }
  return kNothing;
}

Rank rank(const IndexedCondition& condition) {
  if (condition.absent) {
    return kAbsent;
  }
  Rank worst = kValue;
  for (const Matcher& each : *condition.any) {
    worst = std::max(worst, rank(each));
  }
  return worst;
}

}  // namespace

class RouteIndexBuilder {
 public:
  explicit RouteIndexBuilder(RouteIndex& index) : index_(index) {}

  void build() {
    std::vector<Open> all;
    for (std::uint32_t entry = 0; entry < index_.entries_.size(); ++entry) {
      const std::size_t conditions = index_.entries_[entry].conditions.size();
      all.push_back(
          {entry, conditions == 64 ? ~std::uint64_t{0} : (std::uint64_t{1} << conditions) - 1});
      for (const IndexedCondition& each : index_.entries_[entry].conditions) {
        budget_ += each.absent ? 1 : each.any->size();
      }
    }
    budget_ += kSpareEntries;
    index_.nodes_.emplace_back();
    fill(RouteIndex::kRoot, all);
  }

 private:
  /// An entry and which of its conditions have not been decided on yet, a bit for each.
  struct Open {
    std::uint32_t entry = 0;
    std::uint64_t conditions = 0;

    auto operator<=>(const Open&) const = default;
  };

  using OpenList = std::vector<Open>;

  /// How many of a node's entries share a matcher, or the absence of a path.
  struct Shares {
    MatcherMap<std::uint32_t> matchers;
    std::map<PathId, std::uint32_t> absent;
  };

  const IndexedCondition& condition(const Open& open, std::uint32_t number) const {
    return index_.entries_[open.entry].conditions[number];
  }

  template <typename Visit>
  void each_condition(const Open& open, const Visit& visit) const {
    const std::size_t count = index_.entries_[open.entry].conditions.size();
    for (std::uint32_t number = 0; number < count; ++number) {
      if ((open.conditions >> number & 1) != 0) {
        visit(number, condition(open, number));
      }
    }
  }

  Shares count_shares(const OpenList& list) const {
    Shares shares;
    for (const Open& open : list) {
      each_condition(open, [&shares](std::uint32_t, const IndexedCondition& each) {
        if (each.absent) {
          ++shares.absent[each.path];
          return;
        }
        for (const Matcher& matcher : *each.any) {
          ++shares.matchers[{each.path, &matcher}];
        }
      });
    }
    return shares;
  }

  /// The condition to enter an entry under.
  std::uint32_t most_telling(const Open& open, const Shares& shares) const {
    std::uint32_t best = 0;
    auto best_score = std::make_tuple(kNothing, false, std::uint32_t{0});
    each_condition(open, [&](std::uint32_t number, const IndexedCondition& each) {
      std::uint32_t share = 0;
      if (each.absent) {
        share = shares.absent.at(each.path);
      } else {
        for (const Matcher& matcher : *each.any) {
          share = std::max(share, shares.matchers.at({each.path, &matcher}));
        }
      }
      // A rare value leads to few entries. What nearly every event meets had better be something
      // that many entries share, because asking once then settles it for all of them.
      if (rank(each) >= kExists) {
        share = ~share;
      }
      // What is not in `data` can be asked before `data` is parsed.
      const auto score = std::make_tuple(rank(each), bool(index_.is_data_[each.path]), share);
      if (score < best_score) {
        best_score = score;
        best = number;
      }
    });
    return best;
  }

  /// The node for these entries, whichever way leads to it.
  std::uint32_t node_for(OpenList list) {
    std::sort(list.begin(), list.end());
    list.erase(std::unique(list.begin(), list.end()), list.end());
    const auto known = known_.find(list);
    if (known != known_.end()) {
      return known->second;
    }
    const auto number = static_cast<std::uint32_t>(index_.nodes_.size());
    index_.nodes_.emplace_back();
    known_.emplace(list, number);
    if (list.size() <= kFew) {
      for (const Open& open : list) {
        check(number, open);
      }
    } else {
      fill(number, list);
    }
    return number;
  }

  void check(std::uint32_t node, const Open& open) {
    index_.nodes_[node].checks.push_back(open.entry);
    for (const IndexedCondition& each : index_.entries_[open.entry].conditions) {
      note_data(node, each.path);
    }
  }

  void note_data(std::uint32_t node, PathId path) {
    index_.nodes_[node].needs_data = index_.nodes_[node].needs_data || index_.is_data_[path];
  }

  void fill(std::uint32_t node, const OpenList& list) {
    const Shares shares = count_shares(list);
    std::vector<std::pair<MatcherKey, OpenList>> by_matcher;
    MatcherMap<std::size_t> place;
    std::map<PathId, OpenList> by_absence;
    for (const Open& open : list) {
      if (open.conditions == 0) {
        check(node, open);
        continue;
      }
      const std::uint32_t number = most_telling(open, shares);
      const IndexedCondition& chosen = condition(open, number);
      const Open rest{open.entry, open.conditions & ~(std::uint64_t{1} << number)};
      const std::size_t cost = chosen.absent ? 1 : chosen.any->size();
      if (cost > budget_) {
        check(node, open);
        continue;
      }
      budget_ -= cost;
      note_data(node, chosen.path);
      if (chosen.absent) {
        by_absence[chosen.path].push_back(rest);
        continue;
      }
      for (const Matcher& matcher : *chosen.any) {
        const MatcherKey key{chosen.path, &matcher};
        const auto [at, is_new] = place.try_emplace(key, by_matcher.size());
        if (is_new) {
          by_matcher.push_back({key, {}});
        }
        by_matcher[at->second].second.push_back(rest);
      }
    }
    std::map<PathId, ValueIndex> values;
    for (auto& [key, under] : by_matcher) {
      values[key.path].add(*key.matcher, node_for(std::move(under)));
    }
    for (auto& [path, index] : values) {
      index.finish();
      index_.nodes_[node].values.emplace_back(path, std::move(index));
    }
    for (auto& [path, under] : by_absence) {
      const std::uint32_t child = node_for(std::move(under));
      index_.nodes_[node].absent.emplace_back(path, child);
    }
  }

  RouteIndex& index_;
  std::map<OpenList, std::uint32_t> known_;
  std::size_t budget_ = 0;
};

void RouteIndex::add(std::uint32_t route, const Pattern& pattern) {
  for (const Conjunction& conjunction : pattern) {
    Entry entry;
    entry.route = route;
    for (const Condition& each : conjunction) {
      const PathId path = paths_.add(each.path);
      is_data_.resize(paths_.size());
      is_data_[path] = each.path == "data" || each.path.starts_with("data.");
      entry.conditions.push_back({path, each.absent, each.any});
    }
    entries_.push_back(std::move(entry));
  }
}

void RouteIndex::finish() {
  RouteIndexBuilder(*this).build();
}

}  // namespace aev::routing
