#include "kafka_subscriber.h"

#include <algorithm>

#include "probe.h"
#include "publisher.h"

namespace aev::kafka {

KafkaSubscriber::KafkaSubscriber(sdk::Host host, sdk::Json config)
    : host_(host), options_(parse_publish_options(config)) {}

KafkaSubscriber::~KafkaSubscriber() = default;

void KafkaSubscriber::start(aev_limits& limits) {
  auto publisher = std::make_shared<Publisher>(
      options_, host_, std::chrono::milliseconds(std::max(1u, limits.timeout_ms)));
  const std::lock_guard lock(mutex_);
  publisher_ = std::move(publisher);
}

void KafkaSubscriber::deliver(sdk::Batch batch) {
  bool busy = false;
  static_cast<void>(deliver_some(batch, busy));
}

std::uint32_t KafkaSubscriber::deliver_some(sdk::Batch batch, bool& busy) {
  return publisher_->deliver(batch, busy);
}

void KafkaSubscriber::stop(sdk::Host /*host*/, sdk::MonoTime deadline) {
  publisher_->stop(deadline);
}

void KafkaSubscriber::check(sdk::MonoTime deadline) {
  probe_cluster(options_.client, deadline);
}

void KafkaSubscriber::query(std::string_view name,
                            std::string_view /*parameters*/,
                            sdk::Answer answer) {
  if (name != "status") {
    throw sdk::UnknownQuery("there is no query '" + std::string(name) + "': ask for status");
  }
  std::shared_ptr<Publisher> running;
  {
    const std::lock_guard lock(mutex_);
    running = publisher_;
  }
  if (!running) {
    throw sdk::NotNow("the subscriber has not been started");
  }
  answer.write(running->status());
}

}  // namespace aev::kafka
