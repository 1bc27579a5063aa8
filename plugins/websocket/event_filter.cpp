#include "event_filter.h"

#include <algorithm>
#include <stdexcept>

#include "glob.h"

namespace aev::websocket {
namespace {

/// Entries whose clients have gone are swept out beyond so many.
constexpr std::size_t kPoolSweep = 256;

}  // namespace

EventFilter::EventFilter(std::vector<std::string> patterns) : patterns_(std::move(patterns)) {
  std::sort(patterns_.begin(), patterns_.end());
  patterns_.erase(std::unique(patterns_.begin(), patterns_.end()), patterns_.end());
}

bool EventFilter::wants(std::string_view event_type) const noexcept {
  return std::any_of(patterns_.begin(), patterns_.end(),
                     [&](const std::string& pattern) { return glob_matches(pattern, event_type); });
}

std::vector<std::string> split_patterns(std::string_view list) {
  std::vector<std::string> patterns;
  while (!list.empty()) {
    const std::size_t comma = list.find(',');
    std::string_view piece = list.substr(0, comma);
    while (piece.starts_with(' ')) {
      piece.remove_prefix(1);
    }
    while (piece.ends_with(' ')) {
      piece.remove_suffix(1);
    }
    if (!piece.empty()) {
      patterns.emplace_back(piece);
    }
    list.remove_prefix(comma == std::string_view::npos ? list.size() : comma + 1);
  }
  return patterns;
}

FilterRef FilterPool::get(std::vector<std::string> patterns) {
  if (patterns.size() > EventFilter::kMaxPatterns) {
    throw std::invalid_argument("event_types: at most " +
                                std::to_string(EventFilter::kMaxPatterns) + " are taken");
  }
  for (const std::string& pattern : patterns) {
    if (pattern.empty() || pattern.size() > EventFilter::kMaxPatternBytes) {
      throw std::invalid_argument("event_types: each is 1 to " +
                                  std::to_string(EventFilter::kMaxPatternBytes) + " bytes");
    }
  }
  auto made = std::make_shared<const EventFilter>(std::move(patterns));
  const auto& kept = made->patterns();
  if (kept.empty() || std::find(kept.begin(), kept.end(), "*") != kept.end()) {
    return nullptr;
  }
  std::string key;
  for (const std::string& pattern : kept) {
    key.append(pattern).push_back('\n');
  }
  if (pool_.size() >= kPoolSweep) {
    std::erase_if(pool_, [](const auto& entry) { return entry.second.expired(); });
  }
  auto& slot = pool_[key];
  if (auto known = slot.lock()) {
    return known;
  }
  slot = made;
  return made;
}

}  // namespace aev::websocket
