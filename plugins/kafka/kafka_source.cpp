#include "kafka_source.h"

#include <stdexcept>

#include "consumer.h"
#include "probe.h"

namespace aev::kafka {

KafkaSource::KafkaSource(sdk::Host host, sdk::Json config)
    : host_(host), options_(parse_source_options(config)) {}

KafkaSource::~KafkaSource() = default;

void KafkaSource::start(aev_limits& /*limits*/) {
  if (host_.extension(AEV_EXT_EMIT) == nullptr) {
    throw std::runtime_error("this host takes no events from plugins (it has no " AEV_EXT_EMIT ")");
  }
  auto consumer = std::make_shared<Consumer>(options_, host_);
  const std::lock_guard lock(mutex_);
  consumer_ = std::move(consumer);
}

/// No route may name a source, so nothing should come.
void KafkaSource::deliver(sdk::Batch batch) {
  batch.complete_all(sdk::Skip("a source takes no events"));
}

void KafkaSource::stop(sdk::Host /*host*/, sdk::MonoTime deadline) {
  consumer_->stop(deadline);
}

void KafkaSource::check(sdk::MonoTime deadline) {
  probe_cluster(options_.client, deadline);
}

void KafkaSource::query(std::string_view name,
                        std::string_view /*parameters*/,
                        sdk::Answer answer) {
  if (name != "status") {
    throw sdk::UnknownQuery("there is no query '" + std::string(name) + "': ask for status");
  }
  std::shared_ptr<Consumer> running;
  {
    const std::lock_guard lock(mutex_);
    running = consumer_;
  }
  if (!running) {
    throw sdk::NotNow("the source has not been started");
  }
  answer.write(running->status());
}

}  // namespace aev::kafka
