#include "store/event_queries.h"

#include <algorithm>
#include <functional>

#include "store/dedup_index.h"

namespace aev::store {
namespace {

/// A scan looks at so many times the rows that it may return.
constexpr std::size_t kRowsPerEvent = 16;

std::string select_events(std::string_view rest) {
  return "SELECT " + std::string(kEventColumns) + " FROM events " + std::string(rest);
}

bool owed(const events::TargetSet& targets, std::span<const SubscriberId> subscribers) {
  return subscribers.empty() ||
         std::any_of(subscribers.begin(), subscribers.end(),
                     [&](SubscriberId each) { return targets.contains(each); });
}

bool passes(const events::Event& event, const EventFilter& filter) {
  return (filter.event_type.empty() || event.event_type() == filter.event_type) &&
         (filter.debate_id.empty() || event.debate_id() == filter.debate_id) &&
         (!filter.since_unix_ns || event.received_unix_ns() >= *filter.since_unix_ns) &&
         (!filter.until_unix_ns || event.received_unix_ns() < *filter.until_unix_ns);
}

Result<std::vector<RoutedEvent>> list_all(ReadPool::Reader& reader, const EventFilter& filter) {
  AEV_ASSIGN(Statement rows, reader.connection.prepare(select_events(
                                 filter.newest_first ? "WHERE seq > ? AND seq < ? ORDER BY seq DESC"
                                                     : "WHERE seq > ? AND seq < ? ORDER BY seq")));
  rows.bind(1, static_cast<std::int64_t>(filter.after_seq))
      .bind(2, filter.before_seq == 0 ? INT64_MAX : static_cast<std::int64_t>(filter.before_seq));
  std::vector<RoutedEvent> found;
  while (filter.limit == 0 || found.size() < filter.limit) {
    AEV_ASSIGN(const bool row, rows.step());
    if (!row) {
      break;
    }
    // Cheap columns first: most rows of a filtered listing are passed over.
    if ((!filter.event_type.empty() && rows.bytes(2) != filter.event_type) ||
        (!filter.debate_id.empty() && rows.bytes(3) != filter.debate_id)) {
      continue;
    }
    AEV_ASSIGN(RoutedEvent routed, reader.events.read(rows));
    if (passes(*routed.event, filter)) {
      found.push_back(std::move(routed));
    }
  }
  return found;
}

/// Seqs of a debate: those in its table, then those not in the table yet.
Result<std::vector<Seq>> seqs_of_debate(Connection& connection,
                                        Seq indexed_upto,
                                        const EventFilter& filter) {
  AEV_ASSIGN(Statement indexed,
             connection.prepare("SELECT seq FROM event_debates WHERE hash = ?1 AND seq <= ?2 "
                                "UNION ALL "
                                "SELECT seq FROM events WHERE seq > ?2 AND debate_id = ?3"));
  indexed.bind(1, static_cast<std::int64_t>(hash_text(filter.debate_id)))
      .bind(2, static_cast<std::int64_t>(indexed_upto))
      .bind_text(3, filter.debate_id);
  std::vector<Seq> seqs;
  while (true) {
    AEV_ASSIGN(const bool row, indexed.step());
    if (!row) {
      break;
    }
    const auto seq = static_cast<Seq>(indexed.integer(0));
    if (seq > filter.after_seq && (filter.before_seq == 0 || seq < filter.before_seq)) {
      seqs.push_back(seq);
    }
  }
  std::sort(seqs.begin(), seqs.end());
  if (filter.newest_first) {
    std::reverse(seqs.begin(), seqs.end());
  }
  return seqs;
}

}  // namespace

Result<Store::ScanPage> scan_events(ReadPool::Reader& reader,
                                    Seq last_seq,
                                    Seq after,
                                    std::span<const SubscriberId> subscribers,
                                    std::size_t max_events,
                                    std::size_t max_bytes) {
  AEV_ASSIGN(Statement rows,
             reader.connection.prepare(select_events("WHERE seq > ? ORDER BY seq LIMIT ?")));
  const std::size_t most_rows = max_events * kRowsPerEvent;
  rows.bind(1, static_cast<std::int64_t>(after)).bind(2, static_cast<std::int64_t>(most_rows));
  Store::ScanPage page;
  page.scanned_to = after;
  std::size_t bytes = 0;
  std::size_t looked_at = 0;
  while (page.events.size() < max_events && bytes < max_bytes) {
    AEV_ASSIGN(const bool row, rows.step());
    if (!row) {
      if (looked_at < most_rows) {
        page.scanned_to = std::max(page.scanned_to, last_seq);
      }
      break;
    }
    ++looked_at;
    page.scanned_to = static_cast<Seq>(rows.integer(0));
    AEV_ASSIGN(const events::Targets targets, reader.events.targets(rows.bytes(8)));
    if (owed(*targets, subscribers)) {
      AEV_ASSIGN(RoutedEvent routed, reader.events.read(rows));
      bytes += routed.event->memory_bytes();
      page.events.push_back(std::move(routed));
    }
  }
  page.at_end = page.scanned_to >= last_seq;
  return page;
}

Result<std::vector<RoutedEvent>> read_events(ReadPool::Reader& reader, std::span<const Seq> seqs) {
  AEV_ASSIGN(Statement rows, reader.connection.prepare(select_events("WHERE seq = ?")));
  std::vector<RoutedEvent> found;
  found.reserve(seqs.size());
  for (const Seq seq : seqs) {
    AEV_ASSIGN(const bool row, rows.bind(1, static_cast<std::int64_t>(seq)).step());
    if (row) {
      AEV_ASSIGN(RoutedEvent routed, reader.events.read(rows));
      found.push_back(std::move(routed));
    }
    rows.reset();
  }
  return found;
}

Result<RoutedEvent> find_event(ReadPool::Reader& reader, Seq indexed_upto, std::string_view id) {
  AEV_ASSIGN(Statement newest,
             reader.connection.prepare(
                 "SELECT seq FROM events WHERE seq > ? AND id = ? ORDER BY seq DESC LIMIT 1"));
  AEV_ASSIGN(const bool in_tail,
             newest.bind(1, static_cast<std::int64_t>(indexed_upto)).bind_text(2, id).step());
  std::vector<Seq> seqs;
  if (in_tail) {
    seqs.push_back(static_cast<Seq>(newest.integer(0)));
  } else {
    AEV_ASSIGN(Statement buckets, reader.connection.prepare(
                                      "SELECT seq FROM event_ids WHERE bucket = ? AND hash = ?"));
    AEV_ASSIGN(const std::int64_t first,
               reader.connection.query_integer("SELECT ifnull(min(bucket), 0) FROM event_ids"));
    const auto hash = static_cast<std::int64_t>(hash_text(id));
    for (auto bucket = static_cast<std::int64_t>(indexed_upto >> kBucketShift); bucket >= first;
         --bucket) {
      buckets.bind(1, bucket).bind(2, hash);
      while (true) {
        AEV_ASSIGN(const bool row, buckets.step());
        if (!row) {
          break;
        }
        seqs.push_back(static_cast<Seq>(buckets.integer(0)));
      }
      buckets.reset();
    }
  }
  std::sort(seqs.begin(), seqs.end(), std::greater<>());
  AEV_ASSIGN(const auto candidates, read_events(reader, seqs));
  for (const RoutedEvent& each : candidates) {
    if (each.event->id() == id) {
      return each;
    }
  }
  return Error{ErrorCode::kNotFound, "there is no event with id '" + std::string(id) + "'", {}};
}

Result<std::vector<RoutedEvent>> list_events(ReadPool::Reader& reader,
                                             Seq indexed_upto,
                                             const EventFilter& filter) {
  if (filter.debate_id.empty()) {
    return list_all(reader, filter);
  }
  AEV_ASSIGN(const auto seqs, seqs_of_debate(reader.connection, indexed_upto, filter));
  std::vector<RoutedEvent> found;
  constexpr std::size_t kStep = 256;
  for (std::size_t at = 0; at < seqs.size(); at += kStep) {
    const std::span<const Seq> some(seqs.data() + at, std::min(kStep, seqs.size() - at));
    AEV_ASSIGN(auto events, read_events(reader, some));
    for (RoutedEvent& each : events) {
      if (passes(*each.event, filter)) {
        found.push_back(std::move(each));
        if (filter.limit != 0 && found.size() == filter.limit) {
          return found;
        }
      }
    }
  }
  return found;
}

}  // namespace aev::store
