#pragma once

#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "core/clock.h"
#include "core/log.h"
#include "core/metrics.h"
#include "store/store.h"

namespace aev::store {

/// A store in a folder of its own that is removed at the end; may be closed and opened again.
class StoreFixture {
 public:
  StoreFixture();
  ~StoreFixture();
  StoreFixture(const StoreFixture&) = delete;
  StoreFixture& operator=(const StoreFixture&) = delete;

  /// Opens what close() closed; fails the test if that fails.
  void open();

  void close() { store.reset(); }

  /// An event owed to `targets`.
  [[nodiscard]] RoutedEvent event(const std::string& id,
                                  std::vector<SubscriberId> targets = {1},
                                  const std::string& data = "{}",
                                  const std::string& event_type = "vote",
                                  const std::string& debate_id = "d1") const;
  /// Appends one event; its seq.
  Seq append(const RoutedEvent& routed);
  /// apply(), waiting until it is durable.
  void apply(DeliveryChanges changes);

  std::filesystem::path folder;
  StoreOptions options;
  ManualClock clock;
  Metrics metrics;
  Log log{2, LogLevel::kError};
  std::unique_ptr<Store> store;
};

}  // namespace aev::store
