#pragma once

#include <functional>
#include <string>

#include "admin/api_message.h"
#include "core/clock.h"
#include "core/metrics.h"
#include "delivery/dispatcher.h"
#include "events/event_schemas.h"
#include "loader/plugins.h"
#include "store/store.h"

namespace aev::admin {

/// What the API works on. All outlive the AdminApi.
struct AdminParts {
  store::Store& store;
  delivery::Dispatcher& dispatcher;
  const loader::Plugins& plugins;
  Metrics& metrics;
  const Clock& clock;
  std::string version;
  /// False while starting or draining: `/health/ready` answers 503 with the reason in `why`.
  std::function<bool(std::string& why)> ready;
  /// The schemas of now; never null.
  std::function<std::shared_ptr<const events::EventSchemas>()> schemas;
  /// Takes the configuration anew and says what came of it.
  std::function<ApiResponse()> reload;
  /// Drops all that is kept for a subscriber that is no longer configured; empty: asks the store.
  std::function<Result<void>(const std::string& subscriber)> forget = {};
  /// JSON object that tells which configuration runs, for /v1/stats; empty: nothing is told.
  std::function<std::string()> configuration = {};
};

/// The HTTP API but for `POST /v1/events`: events, subscribers, dead letters, replays, plugins,
/// stats, metrics and health. Thread-safe; calls block on the store or the dispatcher.
class AdminApi {
 public:
  explicit AdminApi(AdminParts parts) : parts_(std::move(parts)) {}

  /// Never throws; every failure is a problem document.
  [[nodiscard]] ApiResponse handle(const ApiRequest& request);

  /// True if the path takes a token with scope `admin` rather than `read`.
  [[nodiscard]] static bool needs_admin(const ApiRequest& request);

 private:
  ApiResponse events(const ApiRequest& request);
  ApiResponse debates(const ApiRequest& request);
  ApiResponse subscribers(const ApiRequest& request);
  ApiResponse one_subscriber(const ApiRequest& request);
  /// `/v1/subscribers/{name}/query` lists what the plugin answers, `…/query/{q}` asks it.
  ApiResponse query(const ApiRequest& request);
  ApiResponse dead_letters(const ApiRequest& request);
  ApiResponse one_dead_letter(const ApiRequest& request);
  ApiResponse export_dead_letters(const ApiRequest& request);
  /// The dead letter as JSON, with its event as long as the store has it.
  std::string dead_letter_with_event(const store::DeadLetterRecord& record);
  ApiResponse retry_dead_letters(const ApiRequest& request, store::DeadLetterFilter filter);
  ApiResponse replays(const ApiRequest& request);
  ApiResponse plugins(const ApiRequest& request);
  /// `/v1/schemas` lists, GET `/v1/schemas/{event_type}` shows, POST there checks data.
  ApiResponse schemas(const ApiRequest& request);
  ApiResponse stats(const ApiRequest& request);
  ApiResponse health(const ApiRequest& request);

  AdminParts parts_;
};

}  // namespace aev::admin
