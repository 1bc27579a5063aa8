#include <memory>
#include <string>

#include "options.h"
#include "server.h"
#include "tls_context.h"

namespace aev::websocket {
namespace {

constexpr const char* kQueries = R"([{"name":"status",
  "description":"Listening address, clients, debates with their clients, and counters",
  "parameters":{},"offline":false}])";

/// The subscriber type `websocket`: streams events to the clients of their debates.
class WebSocket final : public sdk::Subscriber {
 public:
  WebSocket(sdk::Host host, sdk::Json config) : options_(parse_options(config)) {
    server_ = std::make_unique<Server>(options_, host);
  }

  void start(aev_limits& /*limits*/) override { server_->start(); }

  void deliver(sdk::Batch batch) override { server_->deliver(batch); }

  void stop(sdk::Host /*host*/, sdk::MonoTime deadline) override { server_->stop(deadline); }

  void check(sdk::MonoTime /*deadline*/) override {
    if (!options_.tls.cert_file.empty()) {
      static_cast<void>(make_tls_context(options_.tls));
    }
  }

  void query(std::string_view name, std::string_view parameters, sdk::Answer answer) override {
    if (name != "status") {
      Subscriber::query(name, parameters, answer);
    }
    static_cast<void>(answer.write(server_->status_json()));
  }

 private:
  const Options options_;
  std::unique_ptr<Server> server_;
};

}  // namespace
}  // namespace aev::websocket

AEV_PLUGIN(aev::sdk::Type<aev::websocket::WebSocket>{
    .id = "websocket",
    .name = "Streams events to WebSocket clients, each debate to its own",
    .version = "0.1.0",
    .vendor = "Aragora Events",
    .config_schema = aev::websocket::config_schema(),
    .validate =
        [](aev::sdk::Json config) { static_cast<void>(aev::websocket::parse_options(config)); },
    .queries = aev::websocket::kQueries});
