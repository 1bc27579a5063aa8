#include <chrono>
#include <future>
#include <memory>
#include <mutex>
#include <stdexcept>
#include <string>
#include <utility>

#include "answer_table.h"
#include "options.h"
#include "queries.h"
#include "query_parameters.h"
#include "query_status.h"
#include "rollup_file.h"
#include "worker.h"

namespace aev::analytics {
namespace {

/// How long a query waits for the host to show its log.
constexpr auto kRebuildPatience = std::chrono::seconds(10);

/// The subscriber type `analytics`: counts events into a SQLite file and answers from it.
class Analytics final : public sdk::Subscriber {
 public:
  Analytics(sdk::Host host, sdk::Json config) : host_(host), options_(parse_options(config)) {}

  void start(aev_limits& limits) override {
    std::shared_ptr<Worker> worker;
    explaining_damage([&] { worker = std::make_shared<Worker>(options_, host_, limits); });
    const std::lock_guard lock(mutex_);
    worker_ = std::move(worker);
  }

  void deliver(sdk::Batch batch) override { worker_->deliver(batch); }

  void stop(sdk::Host /*host*/, sdk::MonoTime /*deadline*/) override { worker_->stop(); }

  void check(sdk::MonoTime /*deadline*/) override {
    explaining_damage([&] { probe_rollup(options_.file); });
  }

  void query(std::string_view name, std::string_view parameters, sdk::Answer answer) override {
    using Query = void (*)(const QueryContext&, std::string_view, sdk::Answer&);
    constexpr std::pair<std::string_view, Query> kQueries[] = {
        {"counts", &query_counts},           {"activity", &query_activity},
        {"debates", &query_debates},         {"debate", &query_debate},
        {"leaderboard", &query_leaderboard}, {"debate_stats", &query_debate_stats}};
    const QueryContext context{options_, unix_now_ns()};
    for (const auto& [known, run] : kQueries) {
      if (known == name) {
        run(context, parameters, answer);
        return;
      }
    }
    if (name == "status") {
      const auto worker = running();
      query_status(context, worker ? worker->rebuild_progress() : RebuildProgress{}, parameters,
                   answer);
    } else if (name == "rebuild") {
      rebuild(parameters, answer);
    } else {
      throw sdk::UnknownQuery("there is no query '" + std::string(name) +
                              "'; without a name, `subscribers query` lists them");
    }
  }

 private:
  template <typename Use>
  void explaining_damage(const Use& use) const {
    try {
      use();
    } catch (const DatabaseError& fault) {
      if (fault.fault() == DatabaseFault::kDamaged) {
        throw std::runtime_error(explain_damage(options_.file, fault.what()));
      }
      throw;
    }
  }

  [[nodiscard]] std::shared_ptr<Worker> running() {
    const std::lock_guard lock(mutex_);
    return worker_;
  }

  void rebuild(std::string_view parameters, sdk::Answer& answer) {
    const QueryParameters given(parameters, {"all", "partial"});
    const RebuildOptions wanted{given.flag("all"), given.flag("partial")};
    const auto worker = running();
    if (!worker) {
      throw sdk::NotNow("the subscriber has not been started");
    }
    std::future<RebuildProgress> started = worker->rebuild(wanted);
    if (started.wait_for(kRebuildPatience) != std::future_status::ready) {
      throw std::runtime_error(
          "the host is slow to show its log; the query `status` says how the rebuild goes");
    }
    const RebuildProgress progress = started.get();
    if (progress.state == RebuildState::kRefused) {
      throw sdk::ConfigError("/partial", progress.reason);
    }
    if (progress.state == RebuildState::kFailed) {
      throw std::runtime_error(progress.reason);
    }
    write_json(*rebuild_object(progress), answer);
  }

  [[nodiscard]] static std::int64_t unix_now_ns() {
    return std::chrono::duration_cast<std::chrono::nanoseconds>(
               std::chrono::system_clock::now().time_since_epoch())
        .count();
  }

  const sdk::Host host_;
  const Options options_;
  std::mutex mutex_;
  std::shared_ptr<Worker> worker_;  // guarded by mutex_ against queries, which may precede start()
};

}  // namespace
}  // namespace aev::analytics

AEV_PLUGIN(aev::sdk::Type<aev::analytics::Analytics>{
    .id = "analytics",
    .name = "Counts events and debates into a SQLite file and answers from it",
    .version = "0.1.0",
    .vendor = "Aragora Events",
    .config_schema = aev::analytics::config_schema(),
    .validate =
        [](aev::sdk::Json config) { static_cast<void>(aev::analytics::parse_options(config)); },
    .queries = aev::analytics::queries_json()});
