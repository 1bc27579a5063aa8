#include "routing/conjunction_match.h"

#include <algorithm>

namespace aev::routing {
namespace {

/// Steps are only counted for names that occur twice in one object. This bounds the time that those
/// can take; beyond it a match is given up.
constexpr std::size_t kMaxSteps = 10'000;

bool any_matches(const std::vector<Matcher>& matchers, const Leaf& leaf) {
  return std::any_of(matchers.begin(), matchers.end(),
                     [&leaf](const Matcher& matcher) { return matcher.matches(leaf); });
}

}  // namespace

/// The items of one array: [first, last) of items_, and the conditions that they are about.
struct ConjunctionMatch::Group {
  std::uint32_t array = 0;
  std::size_t first = 0;
  std::size_t last = 0;
  Mask wanted = 0;
  Mask absent = 0;
  Mask taken = 0;
};

bool ConjunctionMatch::matches(const std::vector<IndexedCondition>& conditions,
                               const FlatEvent& event) {
  event_ = &event;
  items_.clear();
  wanted_ = absent_ = 0;
  if (!collect(conditions, event)) {
    return false;
  }
  if (absent_ == 0 && (wanted_ & (wanted_ - 1)) == 0) {
    return true;  // at most one condition depends on an array
  }
  steps_ = 0;
  return fits(0, 0, items_.size(), wanted_, absent_);
}

/// False if a condition does not hold anywhere. Conditions that hold outside of all arrays are done
/// with.
bool ConjunctionMatch::collect(const std::vector<IndexedCondition>& conditions,
                               const FlatEvent& event) {
  for (std::size_t i = 0; i < conditions.size(); ++i) {
    const IndexedCondition& condition = conditions[i];
    if (condition.absent && event.has_unplaced(condition.path)) {
      return false;
    }
    if (!condition.absent && event.first(condition.path) != FlatField::kNone) {
      const FlatField& likely = event.field(event.likely(condition.path));
      if (likely.place == 0 && any_matches(*condition.any, likely.leaf)) {
        continue;
      }
    }
    const std::size_t items_before = items_.size();
    bool done = condition.absent;
    for (std::uint32_t at = event.first(condition.path); at != FlatField::kNone;
         at = event.field(at).next) {
      const FlatField& field = event.field(at);
      if (!condition.absent && !any_matches(*condition.any, field.leaf)) {
        continue;
      }
      if (field.place == 0) {
        done = true;
        items_.resize(items_before);
        break;
      }
      if (items_.size() == items_before || items_.back().place != field.place) {
        items_.push_back({field.place, static_cast<std::uint32_t>(i)});
      }
    }
    if (items_.size() > items_before) {
      merge_from(items_before);
      (condition.absent ? absent_ : wanted_) |= Mask{1} << i;
    } else if (!done) {
      return false;
    }
  }
  return true;
}

/// Sorts in the items from `first` on, which mostly are in order already, as the event is.
void ConjunctionMatch::merge_from(std::size_t first) {
  const auto by_place = [](const Item& a, const Item& b) { return a.place < b.place; };
  const auto middle = items_.begin() + static_cast<std::ptrdiff_t>(first);
  if (!std::is_sorted(middle, items_.end(), by_place)) {
    std::sort(middle, items_.end(), by_place);
  }
  std::inplace_merge(items_.begin(), middle, items_.end(), by_place);
}

/// The place directly inside `place` that `descendant` is in.
std::uint32_t ConjunctionMatch::child_of(std::uint32_t place, std::uint32_t descendant) const {
  while (event_->place(descendant).parent != place) {
    descendant = event_->place(descendant).parent;
  }
  return descendant;
}

/// Whether `wanted` can be met, and what is `absent` stays so, by the items [first, last), all of
/// which are in `place`.
bool ConjunctionMatch::fits(
    std::uint32_t place, std::size_t first, std::size_t last, Mask wanted, Mask absent) {
  Mask met = 0;
  Mask possible = 0;
  for (std::size_t i = first; i < last; ++i) {
    const Mask bit = Mask{1} << items_[i].condition;
    possible |= bit;
    met |= items_[i].place == place ? bit : 0;
  }
  if ((met & absent) != 0 || (wanted & ~possible) != 0) {
    return false;
  }
  wanted &= ~met;
  absent &= possible;
  if (wanted == 0) {
    return absent == 0;
  }
  std::vector<Group> groups;
  for (std::size_t i = first; i < last;) {
    const Mask bit = Mask{1} << items_[i].condition;
    if (items_[i].place == place || (bit & (wanted | absent)) == 0) {
      ++i;
      continue;
    }
    const Place& element = event_->place(child_of(place, items_[i].place));
    if (groups.empty() || groups.back().array != element.array) {
      groups.push_back({element.array, i, i, 0, 0, 0});
    }
    for (; i < last && items_[i].place < element.end; ++i) {
      const Mask each = Mask{1} << items_[i].condition;
      groups.back().wanted |= each & wanted;
      groups.back().absent |= each & absent;
    }
    groups.back().last = i;
  }
  return share_out(place, groups, wanted);
}

/// Shares the `open` conditions out to the arrays that can meet them, then looks for one element of
/// each array. Only names that occur twice in one object make more than one way to share.
bool ConjunctionMatch::share_out(std::uint32_t place, std::vector<Group>& groups, Mask open) {
  if (open == 0) {
    return std::all_of(groups.begin(), groups.end(),
                       [this, place](const Group& group) { return element_fits(place, group); });
  }
  const Mask bit = open & (~open + 1);
  bool first = true;
  for (Group& group : groups) {
    if ((group.wanted & bit) == 0) {
      continue;
    }
    if (!first && ++steps_ > kMaxSteps) {
      return false;
    }
    first = false;
    group.taken |= bit;
    if (share_out(place, groups, open & ~bit)) {
      return true;
    }
    group.taken &= ~bit;
  }
  return false;
}

/// Whether one element of the array meets everything that the array has taken on.
bool ConjunctionMatch::element_fits(std::uint32_t place, const Group& group) {
  if (group.taken == 0) {
    return group.absent == 0;
  }
  // Only what comes after the first condition taken on knows about the element.
  const Mask before_first = (group.taken & (~group.taken + 1)) - 1;
  if ((group.absent & before_first) != 0) {
    return false;
  }
  for (std::size_t i = group.first; i < group.last;) {
    const std::uint32_t child = child_of(place, items_[i].place);
    const std::uint32_t after = event_->place(child).end;
    std::size_t end = i + 1;
    while (end < group.last && items_[end].place < after) {
      ++end;
    }
    if (fits(child, i, end, group.taken, group.absent)) {
      return true;
    }
    i = end;
  }
  return false;
}

}  // namespace aev::routing
