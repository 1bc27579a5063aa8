#include "routing/route_table.h"

#include <algorithm>
#include <map>

namespace aev::routing {
namespace {

constexpr std::string_view kEventType = "event_type";

const PatternField* event_type_field(const CompiledRoute& route) {
  if (!route.pattern) {
    return nullptr;
  }
  for (const PatternField& field : route.pattern->fields) {
    if (field.name == kEventType) {
      return &field;
    }
  }
  return nullptr;
}

bool is_exact_text(const Matcher& matcher) {
  return matcher.kind == Matcher::Kind::kExact && matcher.type == Leaf::Type::kString;
}

/// The event types a route is limited to, if it spells out all of them.
bool spells_out_types(const CompiledRoute& route, std::vector<std::string>& types) {
  const PatternField* const field = event_type_field(route);
  if (field == nullptr || !field->nested.empty() ||
      !std::all_of(field->matchers.begin(), field->matchers.end(), is_exact_text)) {
    return false;
  }
  for (const Matcher& matcher : field->matchers) {
    types.push_back(matcher.text);
  }
  return true;
}

enum class Answer { kNo, kYes, kMaybe };

/// What the type alone says about a route. An event always has a type, and it is a string.
Answer by_type(const CompiledRoute& route, std::string_view event_type) {
  if (!route.pattern) {
    return Answer::kYes;
  }
  const PatternField* const field = event_type_field(route);
  if (field != nullptr) {
    const Leaf leaf{Leaf::Type::kString, event_type, 0};
    if (!field->nested.empty()) {
      return Answer::kMaybe;
    }
    if (std::none_of(field->matchers.begin(), field->matchers.end(),
                     [&leaf](const Matcher& matcher) { return matcher.matches(leaf); })) {
      return Answer::kNo;
    }
  }
  const bool nothing_else =
      field != nullptr && route.pattern->fields.size() == 1 && route.pattern->any_of.empty();
  return nothing_else ? Answer::kYes : Answer::kMaybe;
}

}  // namespace

RouteTable::RouteTable(std::vector<CompiledRoute> routes) : routes_(std::move(routes)) {
  // Equal sets of targets are one object, as the store keeps events by their targets.
  std::map<std::vector<events::SubscriberId>, events::Targets> interned;
  const auto targets_of = [&](const std::vector<std::uint32_t>& indices) {
    std::vector<events::SubscriberId> ids;
    for (const std::uint32_t index : indices) {
      ids.insert(ids.end(), routes_[index].to.begin(), routes_[index].to.end());
    }
    events::Targets targets = events::TargetSet::create(std::move(ids));
    return interned.emplace(targets->ids(), targets).first->second;
  };
  const auto finish = [&](Plan& plan) {
    plan.certain_targets = targets_of(plan.certain.empty() ? default_routes_ : plan.certain);
  };

  std::unordered_map<std::string, std::vector<std::uint32_t>> by_spelled_type;
  std::vector<std::uint32_t> for_any_type;
  for (std::uint32_t index = 0; index < routes_.size(); ++index) {
    std::vector<std::string> types;
    if (routes_[index].is_default) {
      default_routes_.push_back(index);
    } else if (spells_out_types(routes_[index], types)) {
      for (const std::string& type : types) {
        std::vector<std::uint32_t>& list = by_spelled_type[type];
        if (list.empty() || list.back() != index) {
          list.push_back(index);
        }
      }
    } else {
      for_any_type.push_back(index);
    }
  }
  for (const auto& [type, spelled] : by_spelled_type) {
    std::vector<std::uint32_t> candidates;
    std::merge(spelled.begin(), spelled.end(), for_any_type.begin(), for_any_type.end(),
               std::back_inserter(candidates));
    Plan plan;
    for (const std::uint32_t index : candidates) {
      const Answer answer = by_type(routes_[index], type);
      if (answer == Answer::kYes) {
        plan.certain.push_back(index);
      } else if (answer == Answer::kMaybe) {
        plan.to_check.push_back(index);
      }
    }
    finish(plan);
    plans_.emplace(type, std::move(plan));
  }
  for (const std::uint32_t index : for_any_type) {
    (routes_[index].pattern ? other_.to_check : other_.certain).push_back(index);
  }
  finish(other_);
}

const Plan& RouteTable::plan_for(std::string_view event_type) const {
  const auto found = plans_.find(event_type);
  return found == plans_.end() ? other_ : found->second;
}

}  // namespace aev::routing
