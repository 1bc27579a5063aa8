#pragma once

#include <atomic>
#include <mutex>
#include <string>
#include <thread>

#include <aev/plugin.hpp>

#include "intake.h"
#include "rdkafka_handles.h"
#include "source_options.h"

namespace aev::kafka {

/// A member of the consumer group, on a thread of its own: reads messages, hands them to the host
/// and commits the offset of what is durable. When more is open than may be, it stops reading, and
/// pauses its partitions if that lasts. A partition that another member gets is finished first if
/// that is quick; answers for what was not are dropped, and the other member reads it again.
class Consumer {
 public:
  /// Throws std::runtime_error if librdkafka refuses.
  Consumer(SourceOptions options, sdk::Host host);
  /// Leaves without a word to the host and joins the thread.
  ~Consumer();
  Consumer(const Consumer&) = delete;
  Consumer& operator=(const Consumer&) = delete;

  /// Reads no more, finishes what is open until `deadline`, commits, leaves the group, then calls
  /// host.stopped(). Thread-safe; returns at once.
  void stop(sdk::MonoTime deadline);

  /// What the query `status` answers. Thread-safe.
  [[nodiscard]] std::string status() const;

 private:
  static void on_rebalance(rd_kafka_t* client,
                           rd_kafka_resp_err_t event,
                           rd_kafka_topic_partition_list_t* partitions,
                           void* opaque);
  static void on_error(rd_kafka_t* client, int error, const char* reason, void* opaque);
  static void on_log(const rd_kafka_t* client, int level, const char* facility, const char* text);

  void subscribe();
  void run();
  void read();
  void read_until_full(int wait_ms);
  void finish();
  void leave(sdk::MonoTime deadline);
  void assign(rd_kafka_topic_partition_list_t& partitions);
  void revoke(rd_kafka_topic_partition_list_t& partitions);
  void settle_before_revoke(const rd_kafka_topic_partition_list_t& partitions);
  void store_offsets();
  void commit_now();
  void set_paused(bool paused);
  void note(std::string error);
  void publish_status(bool force);
  [[nodiscard]] bool ends() const;

  const SourceOptions options_;
  const sdk::Host host_;
  ClientPtr client_;  // before the messages that came from it
  Intake intake_;

  std::atomic<bool> stopping_{false};
  std::atomic<bool> abandoned_{false};
  std::atomic<std::int64_t> stop_deadline_ns_{0};

  mutable std::mutex mutex_;
  std::string status_;  // guarded by mutex_

  // The thread's own.
  bool paused_ = false;
  bool failed_ = false;
  sdk::MonoTime full_since_{};
  sdk::MonoTime status_at_{};
  std::uint64_t rebalances_ = 0;
  sdk::Metric partitions_metric_;
  sdk::Metric lag_metric_;
  std::thread thread_;
};

}  // namespace aev::kafka
