#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "core/mutex.h"
#include "core/worker_thread.h"
#include "ingest/emitter.h"
#include "loader/host_services.h"
#include "store/store.h"

namespace aev::app {

/// The services that plugins get from the host, on the store and the routes: see HostServices. What
/// plugins keep is held in memory too (at most 1 MiB each). Thread-safe.
class PluginServices final : public loader::HostServices {
 public:
  /// The parts outlive it.
  explicit PluginServices(ingest::IngestParts parts);

  /// Reads what the plugin of this subscriber has kept; before its instance is created. Blocks.
  [[nodiscard]] Result<void> add_subscriber(const std::string& name, events::SubscriberId id)
      AEV_EXCLUDES(mutex_);

  Result<void> emit(std::string_view subscriber,
                    std::span<const events::EventFields> events,
                    Done done) override;
  Result<void> emit_body(std::string_view subscriber,
                         std::string_view content_type,
                         const std::vector<std::pair<std::string_view, std::string_view>>& headers,
                         std::string_view body,
                         Done done) override;
  void read_history(std::string_view subscriber,
                    loader::HistoryRequest request,
                    Read read) override;
  std::optional<std::string> state(std::string_view subscriber, std::string_view key) override;
  Result<void> put_state(std::string_view subscriber,
                         std::string_view key,
                         std::optional<std::string> value,
                         Done done) override;

 private:
  struct Kept {
    events::SubscriberId id = 0;
    std::map<std::string, std::string, std::less<>> state;
    std::size_t bytes = 0;  // of keys and values
  };

  [[nodiscard]] events::SubscriberId id_of(std::string_view subscriber) AEV_EXCLUDES(mutex_);
  [[nodiscard]] Result<loader::HistoryPage> read_page(events::SubscriberId subscriber,
                                                      const loader::HistoryRequest& request);

  store::Store& store_;
  ingest::Emitter emitter_;
  Mutex mutex_;
  std::map<std::string, Kept, std::less<>> kept_ AEV_GUARDED_BY(mutex_);
  WorkerThread reader_{"aev-history"};
};

}  // namespace aev::app
