#include <chrono>
#include <memory>
#include <mutex>

#include "queries.h"
#include "settings.h"
#include "worker.h"

namespace aev::security {
namespace {

/// The subscriber type `security`: applies rules to security events and keeps an audit trail.
class Security final : public sdk::Subscriber {
 public:
  Security(sdk::Host host, sdk::Json config) : host_(host), settings_(parse_settings(config)) {}

  void start(aev_limits& /*limits*/) override {
    auto worker = std::make_shared<Worker>(settings_, host_);
    const std::lock_guard lock(mutex_);
    worker_ = std::move(worker);
  }

  void deliver(sdk::Batch batch) override { worker_->deliver(batch); }

  void stop(sdk::Host /*host*/, sdk::MonoTime deadline) override { worker_->stop(deadline); }

  void query(std::string_view name, std::string_view parameters, sdk::Answer answer) override {
    if (name == "status") {
      answer.write(status());
      return;
    }
    const std::int64_t now =
        std::chrono::duration_cast<nanoseconds>(std::chrono::system_clock::now().time_since_epoch())
            .count();
    if (!answer_query(settings_, name, parameters, now, answer)) {
      throw sdk::UnknownQuery("there is no query '" + std::string(name) + "'");
    }
  }

 private:
  [[nodiscard]] std::string status() {
    std::shared_ptr<Worker> worker;
    {
      const std::lock_guard lock(mutex_);
      worker = worker_;
    }
    if (!worker) {
      throw sdk::NotNow("the subscriber has not been started");
    }
    const WorkerStatus now = worker->status();
    std::string json = "{";
    const std::pair<const char*, std::uint64_t> numbers[] = {
        {"events", now.events},
        {"duplicates", now.duplicates},
        {"alerts", now.alerts},
        {"audit_entries", now.entries},
        {"keys", now.keys},
        {"window_events", now.window_events},
        {"evicted_keys", now.evicted},
        {"late_events", now.late},
        {"suppressed", now.suppressed},
        {"debates_open", now.open_debates},
        {"debates_refused", now.debates_refused},
        {"outbox", now.outbox}};
    for (const auto& [name, value] : numbers) {
      json.append("\"").append(name).append("\":").append(std::to_string(value)).append(",");
    }
    json += "\"rules\":[";
    for (std::size_t i = 0; i < settings_.rules.size(); ++i) {
      json += i == 0 ? "" : ",";
      sdk::append_json_string(json, settings_.rules[i].name);
    }
    return json + "]}";
  }

  const sdk::Host host_;
  const Settings settings_;
  std::mutex mutex_;
  std::shared_ptr<Worker> worker_;  // written by start(), which queries may run beside
};

}  // namespace
}  // namespace aev::security

AEV_PLUGIN(aev::sdk::Type<aev::security::Security>{
    .id = "security",
    .name = "Applies rules to security events, raises alerts, keeps an audit trail",
    .version = "0.1.0",
    .vendor = "Aragora Events",
    .config_schema = aev::security::config_schema(),
    .validate =
        [](aev::sdk::Json config) { static_cast<void>(aev::security::parse_settings(config)); },
    .queries = aev::security::kQueries});
