#include "routing/exclusion_index.h"

#include <algorithm>

#include "routing/matcher_map.h"

namespace aev::routing {

void ExclusionIndex::add(const Matcher& matcher, std::uint32_t target) {
  const auto number = static_cast<std::uint32_t>(targets_.size());
  targets_.push_back(target);
  for (const Matcher& each : matcher.but) {
    excluded_.push_back({&each, false, {number}});
  }
}

void ExclusionIndex::finish() {
  MatcherMap<std::size_t> known;
  std::vector<Excluded> merged;
  for (Excluded& each : excluded_) {
    const auto [at, is_new] = known.try_emplace(MatcherKey{0, each.what}, merged.size());
    if (is_new) {
      merged.push_back(std::move(each));
    } else if (std::vector<std::uint32_t>& members = merged[at->second].members;
               members.back() != each.members.front()) {
      members.push_back(each.members.front());
    }
  }
  excluded_ = std::move(merged);
  for (std::size_t i = 0; i < excluded_.size(); ++i) {
    Excluded& each = excluded_[i];
    index_.add(*each.what, static_cast<std::uint32_t>(i));
    if (each.members.size() * 2 > targets_.size()) {
      std::vector<std::uint32_t> others;
      for (std::uint32_t number = 0, next = 0; number < targets_.size(); ++number) {
        if (next < each.members.size() && each.members[next] == number) {
          ++next;
        } else {
          others.push_back(number);
        }
      }
      each.members = std::move(others);
      each.complement = true;
    }
  }
  index_.finish();
}

void ExclusionIndex::find(const Leaf& leaf, std::vector<std::uint32_t>& found) const {
  std::vector<std::uint32_t> hits;
  index_.find(leaf, [&](std::uint32_t hit) {
    if (excluded_[hit].what->matches(leaf)) {
      hits.push_back(hit);
    }
  });
  std::sort(hits.begin(), hits.end());
  hits.erase(std::unique(hits.begin(), hits.end()), hits.end());
  const Excluded* fewest = nullptr;
  for (const std::uint32_t hit : hits) {
    if (excluded_[hit].complement &&
        (fewest == nullptr || excluded_[hit].members.size() < fewest->members.size())) {
      fewest = &excluded_[hit];
    }
  }
  if (hits.empty()) {
    found.insert(found.end(), targets_.begin(), targets_.end());
    return;
  }
  std::vector<std::uint32_t> left;
  if (fewest != nullptr) {
    left = fewest->members;
  } else {
    left.resize(targets_.size());
    for (std::uint32_t number = 0; number < left.size(); ++number) {
      left[number] = number;
    }
  }
  for (const std::uint32_t hit : hits) {
    const Excluded& each = excluded_[hit];
    if (left.empty() || &each == fewest) {
      continue;
    }
    std::erase_if(left, [&each](std::uint32_t number) {
      return std::binary_search(each.members.begin(), each.members.end(), number) !=
             each.complement;
    });
  }
  for (const std::uint32_t number : left) {
    found.push_back(targets_[number]);
  }
}

}  // namespace aev::routing
