#pragma once

#include <atomic>
#include <chrono>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include <curl/curl.h>

#include <aev/plugin.hpp>

#include "options.h"
#include "request_body.h"

namespace aev::webhook {

/// Sends requests from one thread with libcurl's multi interface: connections are kept alive and
/// shared, HTTP/2 is used where TLS offers it. Reports each outcome to the host by itself.
class Sender {
 public:
  /// `timeout` is of a whole request, from connect to the last byte of the answer. Throws
  /// std::runtime_error if libcurl cannot be set up.
  Sender(Options options, sdk::Host host, std::chrono::milliseconds timeout);
  /// Cancels what is open, without a word to the host, and joins the thread.
  ~Sender();
  Sender(const Sender&) = delete;
  Sender& operator=(const Sender&) = delete;

  /// Thread-safe; never blocks.
  void send(const std::vector<RequestEvents>& requests);

  /// Finishes what is open until `deadline`, gives the rest up as retries, then calls
  /// host.stopped(). Thread-safe; returns at once.
  void stop(sdk::MonoTime deadline);

 private:
  struct Transfer;

  void run();
  void take_requests();
  void start(const RequestEvents& request);
  void finish(CURL* easy, CURLcode result);
  void recycle(Transfer& transfer);
  void cancel_all(std::string_view reason);
  void report();
  [[nodiscard]] Transfer* idle_transfer();
  [[nodiscard]] bool should_end();
  [[nodiscard]] int poll_ms();

  const Options options_;
  const sdk::Host host_;
  const std::chrono::milliseconds timeout_;
  CURLM* multi_ = nullptr;

  std::mutex mutex_;
  std::vector<RequestEvents> waiting_;  // guarded by mutex_
  bool stopping_ = false;               // guarded by mutex_
  bool abandoned_ = false;              // guarded by mutex_
  sdk::MonoTime stop_deadline_{};       // guarded by mutex_
  std::atomic<bool> polling_{false};

  // The thread's own.
  std::vector<RequestEvents> taken_;
  std::vector<std::unique_ptr<Transfer>> transfers_;
  std::vector<Transfer*> idle_;
  std::size_t open_ = 0;
  std::vector<aev_result> results_;
  std::vector<std::unique_ptr<std::string>> reasons_;  // what results_ point to
  sdk::Metric latency_;
  sdk::Metric by_class_[6];
  std::thread thread_;
};

/// Connects to the url without sending anything. Throws std::runtime_error with what is wrong.
void probe(const Options& options, sdk::MonoTime deadline);

}  // namespace aev::webhook
