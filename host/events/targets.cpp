#include "events/targets.h"

#include <algorithm>
#include <limits>

namespace aev::events {
namespace {

void append_leb128(std::string& out, std::uint32_t value) {
  while (value >= 0x80) {
    out += static_cast<char>((value & 0x7f) | 0x80);
    value >>= 7;
  }
  out += static_cast<char>(value);
}

}  // namespace

std::shared_ptr<const TargetSet> TargetSet::create(std::vector<SubscriberId> ids) {
  std::sort(ids.begin(), ids.end());
  ids.erase(std::unique(ids.begin(), ids.end()), ids.end());
  auto made = std::make_shared<TargetSet>();
  SubscriberId before = 0;
  for (const SubscriberId id : ids) {
    append_leb128(made->encoded_, id - before);
    before = id;
  }
  made->ids_ = std::move(ids);
  return made;
}

Result<std::shared_ptr<const TargetSet>> TargetSet::decode(std::string_view encoded) {
  auto made = std::make_shared<TargetSet>();
  made->encoded_ = encoded;
  std::uint64_t id = 0;
  std::size_t i = 0;
  while (i < encoded.size()) {
    std::uint64_t difference = 0;
    int shift = 0;
    bool ended = false;
    while (i < encoded.size() && shift <= 28 && !ended) {
      const auto byte = static_cast<unsigned char>(encoded[i++]);
      difference |= static_cast<std::uint64_t>(byte & 0x7f) << shift;
      shift += 7;
      ended = (byte & 0x80) == 0;
    }
    id += difference;
    const bool ascends = difference != 0 || made->ids_.empty();
    if (!ended || !ascends || id > std::numeric_limits<SubscriberId>::max()) {
      return Error{ErrorCode::kCorrupt, "a stored list of target subscribers is damaged", {}};
    }
    made->ids_.push_back(static_cast<SubscriberId>(id));
  }
  return std::shared_ptr<const TargetSet>(std::move(made));
}

bool TargetSet::contains(SubscriberId id) const {
  return std::binary_search(ids_.begin(), ids_.end(), id);
}

}  // namespace aev::events
