#pragma once

#include <memory>
#include <mutex>

#include <aev/plugin.hpp>

#include "publish_options.h"

namespace aev::kafka {

class Publisher;

/// The subscriber type `kafka`: publishes events as messages.
class KafkaSubscriber final : public sdk::Subscriber {
 public:
  KafkaSubscriber(sdk::Host host, sdk::Json config);
  ~KafkaSubscriber() override;

  void start(aev_limits& limits) override;
  void deliver(sdk::Batch batch) override;
  std::uint32_t deliver_some(sdk::Batch batch, bool& busy) override;
  void stop(sdk::Host host, sdk::MonoTime deadline) override;
  void check(sdk::MonoTime deadline) override;
  void query(std::string_view name, std::string_view parameters, sdk::Answer answer) override;

 private:
  const sdk::Host host_;
  const PublishOptions options_;
  std::mutex mutex_;                      // between start() and the threads of query()
  std::shared_ptr<Publisher> publisher_;  // made by start(), never changed after
};

}  // namespace aev::kafka
