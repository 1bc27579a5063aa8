#include "app/plugin_services.h"

#include <algorithm>

namespace aev::app {
namespace {

constexpr std::size_t kMaxStateBytes = 1u << 20;
constexpr std::size_t kDefaultPageEvents = 256;
constexpr std::size_t kMaxPageEvents = 1000;
constexpr std::size_t kDefaultPageBytes = 1u << 20;
constexpr std::size_t kMaxPageBytes = 16u << 20;
/// Events read at once: what a page may hold beyond its bytes.
constexpr std::size_t kStep = 32;

std::size_t bounded(std::uint64_t asked, std::size_t usual, std::size_t most) {
  return asked == 0 ? usual : static_cast<std::size_t>(std::min<std::uint64_t>(asked, most));
}

}  // namespace

PluginServices::PluginServices(ingest::IngestParts parts)
    : store_(parts.store), emitter_(std::move(parts)) {}

Result<void> PluginServices::add_subscriber(const std::string& name, events::SubscriberId id) {
  AEV_ASSIGN(auto state, store_.state(id));
  Kept kept;
  kept.id = id;
  for (auto& [key, value] : state) {
    kept.bytes += key.size() + value.size();
    kept.state.emplace(key, std::move(value));
  }
  const MutexLock lock(mutex_);
  const auto known = kept_.find(name);
  if (known == kept_.end() || known->second.id != id) {  // else what is in memory is newer
    kept_.insert_or_assign(name, std::move(kept));
  }
  return {};
}

events::SubscriberId PluginServices::id_of(std::string_view subscriber) {
  const MutexLock lock(mutex_);
  const auto found = kept_.find(subscriber);
  return found == kept_.end() ? 0 : found->second.id;
}

Result<void> PluginServices::emit(std::string_view subscriber,
                                  std::span<const events::EventFields> events,
                                  Done done) {
  return emitter_.emit({subscriber, id_of(subscriber)}, events, std::move(done));
}

Result<void> PluginServices::emit_body(
    std::string_view subscriber,
    std::string_view content_type,
    const std::vector<std::pair<std::string_view, std::string_view>>& headers,
    std::string_view body,
    Done done) {
  return emitter_.emit_body({subscriber, id_of(subscriber)}, content_type, headers, body,
                            std::move(done));
}

void PluginServices::read_history(std::string_view subscriber,
                                  loader::HistoryRequest request,
                                  Read read) {
  reader_.submit([this, id = id_of(subscriber), request = std::move(request),
                  read = std::move(read)] { read(read_page(id, request)); });
}

Result<loader::HistoryPage> PluginServices::read_page(events::SubscriberId subscriber,
                                                      const loader::HistoryRequest& request) {
  const std::size_t max_events = bounded(request.max_events, kDefaultPageEvents, kMaxPageEvents);
  const std::size_t max_bytes = bounded(request.max_bytes, kDefaultPageBytes, kMaxPageBytes);
  loader::HistoryPage page;
  // Taken before the reading, so that everything up to it is seen by the reading.
  const store::StoreStats log = store_.stats();
  page.first_seq = log.first_seq;
  page.last_seq = log.last_seq;
  const events::Seq end =
      request.upto_seq == 0 ? page.last_seq : std::min(request.upto_seq, page.last_seq);
  page.scanned_seq = request.after_seq;
  std::size_t bytes = 0;
  while (page.events.size() < max_events && bytes < max_bytes && page.scanned_seq < end) {
    const std::size_t step = std::min(kStep, max_events - page.events.size());
    std::vector<events::RoutedEvent> found;
    events::Seq scanned = end;
    if (request.debate_id.empty()) {
      const std::vector<events::SubscriberId> owed =
          request.all ? std::vector<events::SubscriberId>() : std::vector{subscriber};
      AEV_ASSIGN(auto scan, store_.scan(page.scanned_seq, owed, step, max_bytes - bytes));
      scanned = scan.at_end ? end : std::min(end, scan.scanned_to);
      found = std::move(scan.events);
    } else {
      store::EventFilter filter;
      filter.debate_id = request.debate_id;
      filter.after_seq = page.scanned_seq;
      filter.limit = step;
      AEV_ASSIGN(found, store_.list(filter));
      if (found.size() == step) {
        scanned = std::min(end, found.back().event->seq());
      }
    }
    for (events::RoutedEvent& routed : found) {
      const bool wanted = request.all || routed.targets->contains(subscriber);
      if (routed.event->seq() > end || !wanted) {
        continue;
      }
      if (bytes >= max_bytes) {
        scanned = page.events.back()->seq();
        break;
      }
      bytes += routed.event->memory_bytes();
      page.events.push_back(std::move(routed.event));
    }
    page.scanned_seq = scanned;
  }
  page.at_end = page.scanned_seq >= end;
  return page;
}

std::optional<std::string> PluginServices::state(std::string_view subscriber,
                                                 std::string_view key) {
  const MutexLock lock(mutex_);
  const auto kept = kept_.find(subscriber);
  if (kept == kept_.end()) {
    return std::nullopt;
  }
  const auto found = kept->second.state.find(key);
  return found == kept->second.state.end() ? std::nullopt
                                           : std::optional<std::string>(found->second);
}

Result<void> PluginServices::put_state(std::string_view subscriber,
                                       std::string_view key,
                                       std::optional<std::string> value,
                                       Done done) {
  store::DeliveryChanges changes;
  std::function<void()> durable;
  if (done) {
    durable = [done = std::move(done)] { done({}); };
  }
  const MutexLock lock(mutex_);
  const auto found = kept_.find(subscriber);
  if (found == kept_.end()) {
    return Error{ErrorCode::kConflict, "this subscriber is not running", {}};
  }
  Kept& kept = found->second;
  const auto old = kept.state.find(key);
  const std::size_t before = old == kept.state.end() ? 0 : key.size() + old->second.size();
  const std::size_t after = value ? key.size() + value->size() : 0;
  if (kept.bytes - before + after > kMaxStateBytes) {
    return Error{ErrorCode::kTooLarge, "a subscriber keeps at most 1 MiB of state", {}};
  }
  kept.bytes = kept.bytes - before + after;
  if (value) {
    kept.state.insert_or_assign(std::string(key), *value);
  } else if (old != kept.state.end()) {
    kept.state.erase(old);
  }
  changes.states.push_back({kept.id, std::string(key), std::move(value)});
  // Queued under the lock, so that the store sees changes of a key in their order.
  store_.apply(std::move(changes), std::move(durable));
  return {};
}

}  // namespace aev::app
