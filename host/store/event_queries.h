#pragma once

#include <span>

#include "store/read_pool.h"
#include "store/store.h"

namespace aev::store {

/// Reads of the log on a borrowed connection. `last_seq` is the end of the log as the caller saw it
/// before; `indexed_upto` how far the tables of ids and debates reached then.

[[nodiscard]] Result<Store::ScanPage> scan_events(ReadPool::Reader& reader,
                                                  Seq last_seq,
                                                  Seq after,
                                                  std::span<const SubscriberId> subscribers,
                                                  std::size_t max_events,
                                                  std::size_t max_bytes);
[[nodiscard]] Result<std::vector<RoutedEvent>> read_events(ReadPool::Reader& reader,
                                                           std::span<const Seq> seqs);
/// kNotFound.
[[nodiscard]] Result<RoutedEvent> find_event(ReadPool::Reader& reader,
                                             Seq indexed_upto,
                                             std::string_view id);
[[nodiscard]] Result<std::vector<RoutedEvent>> list_events(ReadPool::Reader& reader,
                                                           Seq indexed_upto,
                                                           const EventFilter& filter);

}  // namespace aev::store
