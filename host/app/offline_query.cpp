#include "app/offline_query.h"

#include <memory>
#include <span>
#include <vector>

#include <Poco/Exception.h>
#include <Poco/JSON/Array.h>
#include <Poco/JSON/Object.h>
#include <Poco/JSON/Parser.h>

#include "app/plugin_path.h"
#include "core/clock.h"
#include "core/log.h"
#include "core/metrics.h"
#include "loader/plugins.h"

namespace aev::app {
namespace {

/// An instance that is never started has nothing to say.
class Deaf final : public loader::InstanceListener {
 public:
  void on_started(Result<loader::Limits>) override {}

  void on_settled(std::span<const loader::Settlement>) override {}

  void on_accepted(std::uint64_t, std::uint32_t, bool) override {}

  void on_ready() override {}

  void on_failed(const Error&) override {}

  void on_stopped() override {}
};

bool offers(loader::Instance& instance, std::string_view query) {
  try {
    const auto queries =
        Poco::JSON::Parser().parse(instance.queries_json()).extract<Poco::JSON::Array::Ptr>();
    for (unsigned i = 0; i < queries->size(); ++i) {
      const auto one = queries->getObject(i);
      if (one && one->optValue<std::string>("name", "") == query &&
          one->optValue("offline", false)) {
        return true;
      }
    }
  } catch (const Poco::Exception&) {
    return false;  // a plugin that does not describe its queries offers none
  }
  return false;
}

}  // namespace

Result<loader::QueryAnswer> query_offline(const config::Config& config,
                                          const std::string& subscriber,
                                          std::string_view query,
                                          std::string_view parameters_json) {
  const Log log(2, LogLevel::kError);
  const SystemClock clock;
  Metrics metrics;
  const auto plugins = loader::Plugins::open(effective_plugin_path(config.plugin_path), clock,
                                             metrics, Logger(log, "loader"));
  Deaf deaf;
  std::unique_ptr<loader::Instance> found;
  std::string names;
  for (const auto& each : config.subscribers) {
    if (!subscriber.empty() && each.name != subscriber) {
      continue;
    }
    auto instance = plugins->create(each.plugin, each.name, each.config_json, deaf);
    if (!instance) {
      if (subscriber.empty()) {
        continue;  // what another subscriber lacks is no reason to refuse this query
      }
      Error error = std::move(instance.error());
      error.message = "subscriber '" + each.name + "': " + error.message;
      return error;
    }
    if (offers(**instance, query)) {
      names += (names.empty() ? "'" : ", '") + each.name + "'";
      if (found) {
        return Error{ErrorCode::kInvalid,
                     "several subscribers answer to " + std::string(query) + " (" + names +
                         "): say which one with --subscriber",
                     {}};
      }
      found = std::move(*instance);
    }
  }
  if (!found) {
    return Error{ErrorCode::kNotFound,
                 subscriber.empty()
                     ? "no subscriber of the configuration answers to " + std::string(query) +
                           "; is there one with `plugin: security`?"
                     : "the configuration has no subscriber '" + subscriber + "' that answers to " +
                           std::string(query),
                 {}};
  }
  return found->query(query, parameters_json);
}

}  // namespace aev::app
