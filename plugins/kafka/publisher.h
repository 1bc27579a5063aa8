#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <mutex>
#include <string>
#include <thread>
#include <unordered_map>

#include <aev/plugin.hpp>

#include "publish_lease.h"
#include "publish_options.h"
#include "rdkafka_handles.h"
#include "report_runs.h"

namespace aev::kafka {

/// Sends events as messages and settles each by its own delivery report, which a thread of its own
/// takes. While no broker can be reached, nothing is kept here: what was queued goes back to the
/// host in its order as not connected, and so does what comes, until a broker answers again.
class Publisher {
 public:
  /// `timeout` is what the host gives a lease. Throws std::runtime_error if librdkafka refuses.
  Publisher(PublishOptions options, sdk::Host host, std::chrono::milliseconds timeout);
  /// Gives up what is open, without a word to the host, and joins the thread.
  ~Publisher();
  Publisher(const Publisher&) = delete;
  Publisher& operator=(const Publisher&) = delete;

  /// How many events, from the first, are sent or settled; `busy` if librdkafka's queue is full.
  /// From one thread at a time; never blocks.
  [[nodiscard]] std::uint32_t deliver(const sdk::Batch& batch, bool& busy);

  /// Finishes what is open until `deadline`, gives the rest up, then calls host.stopped().
  /// Thread-safe; returns at once.
  void stop(sdk::MonoTime deadline);

  /// What the query `status` answers. Thread-safe.
  [[nodiscard]] std::string status() const;

 private:
  enum class Link : std::uint8_t { kUp, kDown };

  struct Counters {
    std::atomic<std::uint64_t> delivered{0};
    std::atomic<std::uint64_t> rejected{0};
    std::atomic<std::uint64_t> retried{0};
    std::atomic<std::uint64_t> not_connected{0};
    std::atomic<std::uint64_t> bytes{0};
  };

  [[nodiscard]] rd_kafka_topic_t* topic_of(const std::string& name);
  [[nodiscard]] rd_kafka_resp_err_t produce(rd_kafka_topic_t* topic,
                                            const sdk::Event& event,
                                            std::string_view value,
                                            MessageTag& tag);
  void settle_now(const MessageTag& tag, aev_outcome outcome, std::int32_t code, std::string why);

  void run();
  void handle(EventPtr event);
  void take_reports(rd_kafka_event_t& event);
  [[nodiscard]] bool send_alone(const rd_kafka_message_t& message, MessageTag& tag);
  void take_error(rd_kafka_event_t& event);
  void take_log(rd_kafka_event_t& event);
  void settle_reports();
  void count(const aev_result& result);
  void supervise();
  void go_down(const std::string& why);
  void probe();
  void purge();
  [[nodiscard]] bool should_end();
  [[nodiscard]] std::string last_error() const;

  const PublishOptions options_;
  const sdk::Host host_;
  const std::chrono::milliseconds timeout_;  // of a message, within a lease's
  LeaseShelf shelf_;                         // before the clients: their messages refer to it
  ClientPtr client_;
  ClientPtr lone_client_;  // made when first needed, by the thread
  QueuePtr queue_;
  QueuePtr lone_queue_;

  // deliver()'s own.
  FieldReader fields_;
  std::string topic_name_;
  std::unordered_map<std::string, TopicPtr> topics_;
  std::string last_topic_name_;             // mostly the next event's too
  rd_kafka_topic_t* last_topic_ = nullptr;  // of that name, in topics_

  std::atomic<Link> link_{Link::kUp};
  std::atomic<std::int64_t> queued_{0};  // messages that librdkafka has
  /// deliver() said busy and nobody has called ready() since.
  std::atomic<bool> blocked_{false};
  std::atomic<std::int64_t> blocked_at_{0};  // queued_ at that time
  Counters counters_;

  mutable std::mutex mutex_;
  std::string last_error_;         // guarded by mutex_
  std::string statistics_;         // guarded by mutex_
  bool stopping_ = false;          // guarded by mutex_
  bool abandoned_ = false;         // guarded by mutex_
  sdk::MonoTime stop_deadline_{};  // guarded by mutex_

  // The thread's own.
  ReportRuns runs_;
  sdk::MonoTime suspect_since_{};
  bool gave_up_ = false;
  bool failed_ = false;
  sdk::Metric by_result_[4];
  sdk::Metric bytes_;
  sdk::Metric latency_;
  sdk::Metric connected_;
  std::thread thread_;
};

}  // namespace aev::kafka
