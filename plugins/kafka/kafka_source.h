#pragma once

#include <memory>
#include <mutex>

#include <aev/plugin.hpp>

#include "source_options.h"

namespace aev::kafka {

class Consumer;

/// The subscriber type `kafka_source`: brings messages in as events.
class KafkaSource final : public sdk::Subscriber {
 public:
  KafkaSource(sdk::Host host, sdk::Json config);
  ~KafkaSource() override;

  void start(aev_limits& limits) override;
  void deliver(sdk::Batch batch) override;
  void stop(sdk::Host host, sdk::MonoTime deadline) override;
  void check(sdk::MonoTime deadline) override;
  void query(std::string_view name, std::string_view parameters, sdk::Answer answer) override;

 private:
  const sdk::Host host_;
  const SourceOptions options_;
  std::mutex mutex_;                    // between start() and the threads of query()
  std::shared_ptr<Consumer> consumer_;  // made by start(), never changed after
};

}  // namespace aev::kafka
