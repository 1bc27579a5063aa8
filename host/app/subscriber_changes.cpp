#include "app/subscriber_changes.h"

#include <algorithm>

namespace aev::app {
namespace {

const config::SubscriberConfig* find(const config::Config& config, std::string_view name) {
  const auto found = std::find_if(config.subscribers.begin(), config.subscribers.end(),
                                  [&](const auto& each) { return each.name == name; });
  return found == config.subscribers.end() ? nullptr : &*found;
}

bool contains(const std::vector<std::string>& names, std::string_view name) {
  return std::find(names.begin(), names.end(), name) != names.end();
}

}  // namespace

bool SubscriberChanges::concerns(std::string_view name) const {
  return contains(added, name) || contains(changed, name);
}

SubscriberChanges compare_subscribers(const config::Config& before, const config::Config& after) {
  SubscriberChanges changes;
  for (const auto& subscriber : after.subscribers) {
    const auto* old = find(before, subscriber.name);
    if (old == nullptr) {
      changes.added.push_back(subscriber.name);
    } else if (old->plugin != subscriber.plugin || old->config_json != subscriber.config_json ||
               old->policy != subscriber.policy) {
      changes.changed.push_back(subscriber.name);
    }
  }
  for (const auto& subscriber : before.subscribers) {
    if (find(after, subscriber.name) == nullptr) {
      changes.removed.push_back(subscriber.name);
    }
  }
  return changes;
}

}  // namespace aev::app
