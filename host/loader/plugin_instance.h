#pragma once

#include <memory>
#include <thread>

#include "loader/instance.h"
#include "loader/instance_core.h"
#include "loader/watchdog.h"

namespace aev::loader {

/// The handle of an instance: owns its thread. Thread-safe.
class PluginInstance final : public Instance {
 public:
  /// `core` has been created; its thread starts here. kInternal, with the plugin's instance
  /// destroyed, if the system has no thread left. `watchdog` is borrowed.
  [[nodiscard]] static Result<std::unique_ptr<Instance>> open(std::shared_ptr<InstanceCore> core,
                                                              Watchdog& watchdog);

  ~PluginInstance() override;
  PluginInstance(const PluginInstance&) = delete;
  PluginInstance& operator=(const PluginInstance&) = delete;

  void start(const Limits& offered) override { core_->start(offered); }

  void deliver(Lease lease) override { core_->deliver(std::move(lease)); }

  void stop(MonoTime deadline) override { core_->stop(deadline); }

  Result<QueryAnswer> query(std::string_view name, std::string_view parameters_json) override {
    return core_->query(name, parameters_json);
  }

  std::string queries_json() override { return core_->queries_json(); }

  Result<void> check(Duration patience) override { return core_->check(patience); }

 private:
  PluginInstance(std::shared_ptr<InstanceCore> core, Watchdog& watchdog, std::thread thread);

  const std::shared_ptr<InstanceCore> core_;
  Watchdog& watchdog_;
  std::thread thread_;
};

}  // namespace aev::loader
