#include "loader/plugin_instance.h"

#include <system_error>
#include <utility>

namespace aev::loader {

Result<std::unique_ptr<Instance>> PluginInstance::open(std::shared_ptr<InstanceCore> core,
                                                       Watchdog& watchdog) {
  std::thread thread;
  try {
    thread = std::thread([core] { core->run(); });
  } catch (const std::system_error& error) {
    core->destroy_unused();
    return Error{ErrorCode::kInternal,
                 "no thread for subscriber \"" + core->name() + "\": " + error.what() +
                     ": raise the limit of threads of the service (TasksMax)",
                 {}};
  }
  watchdog.add(core);
  return std::unique_ptr<Instance>(
      new PluginInstance(std::move(core), watchdog, std::move(thread)));
}

PluginInstance::PluginInstance(std::shared_ptr<InstanceCore> core,
                               Watchdog& watchdog,
                               std::thread thread)
    : core_(std::move(core)), watchdog_(watchdog), thread_(std::move(thread)) {}

PluginInstance::~PluginInstance() {
  const bool abandoned = core_->drop();
  watchdog_.remove(*core_);
  if (abandoned) {
    // The one detached thread of the host: it is inside a plugin and may never come back. If it
    // does, it ends without touching anything but its core, which is kept for good.
    thread_.detach();
  } else {
    thread_.join();
  }
}

}  // namespace aev::loader
