#include <curl/curl.h>

#include "options.h"
#include "sender.h"

namespace aev::webhook {
namespace {

/// The subscriber type `webhook`: posts events to an HTTP endpoint, signed.
class Webhook final : public sdk::Subscriber {
 public:
  Webhook(sdk::Host host, sdk::Json config) : host_(host), options_(parse_options(config)) {
    static const CURLcode ready = curl_global_init(CURL_GLOBAL_DEFAULT);
    if (ready != CURLE_OK) {
      throw std::runtime_error("libcurl cannot be set up");
    }
  }

  void start(aev_limits& limits) override {
    batched_ = (limits.flags & AEV_LIMITS_BATCHED) != 0;
    sender_ = std::make_unique<Sender>(options_, host_,
                                       std::chrono::milliseconds(std::max(1u, limits.timeout_ms)));
  }

  void deliver(sdk::Batch batch) override {
    requests_.clear();
    if (batched_) {
      requests_.push_back({batch, 0, batch.size(), true});
    } else {
      for (std::uint32_t i = 0; i < batch.size(); ++i) {
        requests_.push_back({batch, i, 1, false});
      }
    }
    sender_->send(requests_);
  }

  void stop(sdk::Host /*host*/, sdk::MonoTime deadline) override { sender_->stop(deadline); }

  void check(sdk::MonoTime deadline) override { probe(options_, deadline); }

 private:
  const sdk::Host host_;
  const Options options_;
  bool batched_ = false;
  std::vector<RequestEvents> requests_;  // reused by deliver()
  std::unique_ptr<Sender> sender_;
};

}  // namespace
}  // namespace aev::webhook

AEV_PLUGIN(aev::sdk::Type<aev::webhook::Webhook>{.id = "webhook",
                                                 .name = "Posts events to an HTTP endpoint, signed",
                                                 .version = "0.1.0",
                                                 .vendor = "Aragora Events",
                                                 .config_schema = aev::webhook::config_schema(),
                                                 .validate = [](aev::sdk::Json config) {
                                                   static_cast<void>(
                                                       aev::webhook::parse_options(config));
                                                 }});
