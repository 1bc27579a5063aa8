#include "probe.h"

#include <algorithm>
#include <stdexcept>

namespace aev::kafka {
namespace {

/// Keeps the last thing that went wrong while a client tried.
void keep_error(rd_kafka_t*, int error, const char* reason, void* opaque) {
  if (error != RD_KAFKA_RESP_ERR__ALL_BROKERS_DOWN) {
    *static_cast<std::string*>(opaque) = reason;
  }
}

}  // namespace

void probe_cluster(const ClientOptions& options, sdk::MonoTime deadline) {
  std::string why;
  ConfPtr conf = make_conf(options);
  rd_kafka_conf_set_opaque(conf.get(), &why);
  rd_kafka_conf_set_error_cb(conf.get(), &keep_error);
  rd_kafka_conf_set_log_cb(conf.get(), [](const rd_kafka_t*, int, const char*, const char*) {});
  const ClientPtr client = make_client(RD_KAFKA_PRODUCER, std::move(conf));
  const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(
      deadline - std::chrono::steady_clock::now());
  const rd_kafka_metadata_t* metadata = nullptr;
  const rd_kafka_resp_err_t error =
      rd_kafka_metadata(client.get(), 0, nullptr, &metadata,
                        static_cast<int>(std::clamp<std::int64_t>(left.count(), 1, 60'000)));
  if (error == RD_KAFKA_RESP_ERR_NO_ERROR) {
    rd_kafka_metadata_destroy(metadata);
    return;
  }
  rd_kafka_poll(client.get(), 0);  // the error callback
  throw std::runtime_error(options.brokers + ": " +
                           (why.empty() ? std::string(rd_kafka_err2str(error)) : why));
}

}  // namespace aev::kafka
