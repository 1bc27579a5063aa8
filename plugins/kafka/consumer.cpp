#include "consumer.h"

#include <algorithm>
#include <pthread.h>
#include <stdexcept>
#include <utility>

#include "source_status.h"

namespace aev::kafka {
namespace {

using std::chrono::milliseconds;
using std::chrono::steady_clock;

constexpr int kPollMs = 100;
/// Reading on without a pause keeps what librdkafka has fetched already; a pause throws it away.
constexpr milliseconds kPauseAfter{1000};
/// A partition that goes to another member is finished within this time, or read again there.
constexpr milliseconds kRevokePatience{5000};
constexpr milliseconds kStatusInterval{500};
constexpr milliseconds kLeaveTime{2000};

PartitionsPtr new_list(std::size_t count) {
  return PartitionsPtr(rd_kafka_topic_partition_list_new(static_cast<int>(count)));
}

}  // namespace

Consumer::Consumer(SourceOptions options, sdk::Host host)
    : options_(std::move(options)), host_(host), intake_(options_, host) {
  ConfPtr conf = make_consumer_conf(options_);
  set_property(*conf, "log.queue", "true");
  rd_kafka_conf_set_opaque(conf.get(), this);
  rd_kafka_conf_set_rebalance_cb(conf.get(), &Consumer::on_rebalance);
  rd_kafka_conf_set_error_cb(conf.get(), &Consumer::on_error);
  rd_kafka_conf_set_log_cb(conf.get(), &Consumer::on_log);
  client_ = make_client(RD_KAFKA_CONSUMER, std::move(conf));
  rd_kafka_set_log_queue(client_.get(), nullptr);  // logs come with messages, on the thread
  rd_kafka_poll_set_consumer(client_.get());
  subscribe();
  const sdk::Field subscriber{"subscriber", host_.subscriber_name()};
  partitions_metric_ = host_.metric(AEV_METRIC_GAUGE, "aragora_kafka_source_partitions",
                                    "Partitions that this member reads", {subscriber});
  lag_metric_ = host_.metric(AEV_METRIC_GAUGE, "aragora_kafka_source_lag_messages",
                             "Messages of those partitions that are not settled", {subscriber});
  publish_status(true);
  thread_ = std::thread([this] { run(); });
}

Consumer::~Consumer() {
  abandoned_.store(true);
  intake_.answers().wake();
  thread_.join();
}

void Consumer::subscribe() {
  const PartitionsPtr topics = new_list(options_.topics.size());
  for (const std::string& topic : options_.topics) {
    rd_kafka_topic_partition_list_add(topics.get(), topic.c_str(), RD_KAFKA_PARTITION_UA);
  }
  const rd_kafka_resp_err_t error = rd_kafka_subscribe(client_.get(), topics.get());
  if (error != RD_KAFKA_RESP_ERR_NO_ERROR) {
    throw std::runtime_error(std::string("librdkafka refuses the topics: ") +
                             rd_kafka_err2str(error));
  }
}

void Consumer::stop(sdk::MonoTime deadline) {
  stop_deadline_ns_.store(deadline.time_since_epoch().count());
  stopping_.store(true);
  intake_.answers().wake();
}

bool Consumer::ends() const {
  return stopping_.load() || abandoned_.load();
}

void Consumer::run() {
  pthread_setname_np(pthread_self(), "aev-kafka-in");
  while (!ends()) {
    read();
  }
  if (abandoned_.load()) {
    leave(steady_clock::now() + kLeaveTime);
    return;
  }
  finish();
  host_.stopped();
}

/// One turn: answers in, offsets stored, messages read and sent.
void Consumer::read() {
  const auto now = steady_clock::now();
  intake_.pump(now);
  store_offsets();
  publish_status(false);
  if (!intake_.is_full()) {
    full_since_ = {};
    if (paused_) {
      set_paused(false);
    }
    read_until_full(kPollMs);
    return;
  }
  if (full_since_ == sdk::MonoTime{}) {
    full_since_ = now;
  }
  if (!paused_ && now - full_since_ >= kPauseAfter) {
    set_paused(true);
  }
  if (paused_) {
    read_until_full(kPollMs);  // rebalances and errors only; the group sees that this member lives
  } else {
    intake_.answers().wait(std::min(intake_.next_pump(now), now + milliseconds(kPollMs)));
  }
}

void Consumer::read_until_full(int wait_ms) {
  while (!ends()) {
    MessagePtr message(rd_kafka_consumer_poll(client_.get(), wait_ms));
    if (!message) {
      return;
    }
    wait_ms = 0;
    if (message->err != RD_KAFKA_RESP_ERR_NO_ERROR) {
      const char* const text = rd_kafka_message_errstr(message.get());
      note(std::string(rd_kafka_err2name(message->err)) + ": " + (text != nullptr ? text : ""));
      return;
    }
    intake_.take(std::move(message));
    if (intake_.is_full() && !paused_) {
      return;
    }
  }
}

/// What is durable by the deadline is committed; the rest is read again by whoever comes next.
void Consumer::finish() {
  const sdk::MonoTime deadline{sdk::MonoTime::duration(stop_deadline_ns_.load())};
  // Leaving takes a while too: for the commit.
  const auto left = deadline - steady_clock::now();
  const sdk::MonoTime until = deadline - std::min<steady_clock::duration>(kLeaveTime, left / 2);
  while (intake_.table().count() > 0 && steady_clock::now() < until && !abandoned_.load()) {
    const auto now = steady_clock::now();
    intake_.pump(now);
    if (intake_.table().count() > 0) {
      intake_.answers().wait(std::min(intake_.next_pump(now), until));
    }
  }
  store_offsets();
  commit_now();
  leave(deadline);
}

void Consumer::leave(sdk::MonoTime deadline) {
  const QueuePtr queue(rd_kafka_queue_get_consumer(client_.get()));
  const ErrorPtr error(rd_kafka_consumer_close_queue(client_.get(), queue.get()));
  while (!error && rd_kafka_consumer_closed(client_.get()) == 0 && steady_clock::now() < deadline) {
    MessagePtr message(rd_kafka_consumer_poll(client_.get(), kPollMs));  // calls on_rebalance()
  }
}

// --- rebalances ---------------------------------------------------------------------------------

void Consumer::on_rebalance(rd_kafka_t* /*client*/,
                            rd_kafka_resp_err_t event,
                            rd_kafka_topic_partition_list_t* partitions,
                            void* opaque) {
  auto& self = *static_cast<Consumer*>(opaque);
  ++self.rebalances_;
  if (event == RD_KAFKA_RESP_ERR__ASSIGN_PARTITIONS) {
    self.assign(*partitions);
    return;
  }
  if (event != RD_KAFKA_RESP_ERR__REVOKE_PARTITIONS) {
    self.note(std::string("the group's assignment failed: ") + rd_kafka_err2str(event));
  }
  self.revoke(*partitions);
}

void Consumer::assign(rd_kafka_topic_partition_list_t& partitions) {
  if (options_.cooperative) {
    const ErrorPtr error(rd_kafka_incremental_assign(client_.get(), &partitions));
    if (error) {
      note(rd_kafka_error_string(error.get()));
    }
  } else if (const auto error = rd_kafka_assign(client_.get(), &partitions)) {
    note(rd_kafka_err2str(error));
  }
  if (paused_) {
    rd_kafka_pause_partitions(client_.get(), &partitions);
  }
}

void Consumer::revoke(rd_kafka_topic_partition_list_t& partitions) {
  // A member that the group has given up already must not hold up the others, nor commit.
  if (rd_kafka_assignment_lost(client_.get()) == 0) {
    settle_before_revoke(partitions);
  }
  for (int i = 0; i < partitions.cnt; ++i) {
    intake_.table().forget({partitions.elems[i].topic, partitions.elems[i].partition});
  }
  // Commits what is stored of them.
  if (options_.cooperative) {
    const ErrorPtr error(rd_kafka_incremental_unassign(client_.get(), &partitions));
    if (error) {
      note(rd_kafka_error_string(error.get()));
    }
  } else if (const auto error = rd_kafka_assign(client_.get(), nullptr)) {
    note(rd_kafka_err2str(error));
  }
}

void Consumer::settle_before_revoke(const rd_kafka_topic_partition_list_t& partitions) {
  const auto open = [&] {
    std::size_t sent = 0;
    for (int i = 0; i < partitions.cnt; ++i) {
      sent +=
          intake_.table().sent_count({partitions.elems[i].topic, partitions.elems[i].partition});
    }
    return sent;
  };
  const auto until = steady_clock::now() + kRevokePatience;
  for (auto now = steady_clock::now(); open() > 0 && now < until && !abandoned_.load();
       now = steady_clock::now()) {
    intake_.take_answers(now);
    if (open() > 0) {
      intake_.answers().wait(std::min(until, now + milliseconds(kPollMs)));
    }
  }
  store_offsets();
  commit_now();
}

// --- offsets and flow ---------------------------------------------------------------------------

void Consumer::store_offsets() {
  const auto offsets = intake_.table().take_committable();
  if (offsets.empty()) {
    return;
  }
  const PartitionsPtr list = new_list(offsets.size());
  for (const auto& [name, offset] : offsets) {
    rd_kafka_topic_partition_list_add(list.get(), name.first.c_str(), name.second)->offset = offset;
  }
  // An error of one of them means that its partition was taken away: it is read again elsewhere.
  rd_kafka_offsets_store(client_.get(), list.get());
}

/// On its way when this returns; what comes next for the partitions waits for it.
void Consumer::commit_now() {
  // An error says that there is nothing to commit.
  rd_kafka_commit(client_.get(), nullptr, 1);
}

void Consumer::set_paused(bool paused) {
  rd_kafka_topic_partition_list_t* raw = nullptr;
  if (rd_kafka_assignment(client_.get(), &raw) != RD_KAFKA_RESP_ERR_NO_ERROR) {
    return;
  }
  const PartitionsPtr assigned(raw);
  if (paused) {
    rd_kafka_pause_partitions(client_.get(), assigned.get());
  } else {
    rd_kafka_resume_partitions(client_.get(), assigned.get());
  }
  paused_ = paused;
}

void Consumer::on_error(rd_kafka_t* /*client*/, int error, const char* reason, void* opaque) {
  auto& self = *static_cast<Consumer*>(opaque);
  if (error == RD_KAFKA_RESP_ERR__FATAL && !self.failed_ && !self.ends()) {
    self.failed_ = true;
    char text[512];
    rd_kafka_fatal_error(self.client_.get(), text, sizeof text);
    self.host_.failed(std::string("the consumer cannot go on, another one is made: ") + text);
    return;
  }
  if (error != RD_KAFKA_RESP_ERR__ALL_BROKERS_DOWN) {
    self.note(reason);
  }
}

void Consumer::on_log(const rd_kafka_t* client, int level, const char* facility, const char* text) {
  const auto* self = static_cast<const Consumer*>(rd_kafka_opaque(client));
  if (self == nullptr || self->abandoned_.load()) {
    return;
  }
  constexpr int kSyslogWarning = 4;
  constexpr int kSyslogInfo = 6;
  self->host_.log(level <= kSyslogWarning ? AEV_LOG_WARNING
                  : level <= kSyslogInfo  ? AEV_LOG_INFO
                                          : AEV_LOG_DEBUG,
                  text, {{"librdkafka", facility}});
}

void Consumer::note(std::string error) {
  intake_.note(std::move(error));
}

// --- status -------------------------------------------------------------------------------------

void Consumer::publish_status(bool force) {
  const auto now = steady_clock::now();
  if (!force && now - status_at_ < kStatusInterval) {
    return;
  }
  status_at_ = now;
  SourceStatus status;
  status.group = options_.group;
  status.paused = paused_;
  status.rebalances = rebalances_;
  status.open = intake_.table().count();
  status.counts = intake_.counts();
  status.last_error = intake_.last_error();
  status.partitions = read_positions(*client_, intake_.table());
  partitions_metric_.set(static_cast<double>(status.partitions.size()));
  lag_metric_.set(static_cast<double>(total_lag(status)));
  std::string json = to_json(status);
  const std::lock_guard lock(mutex_);
  status_ = std::move(json);
}

std::string Consumer::status() const {
  const std::lock_guard lock(mutex_);
  return status_;
}

}  // namespace aev::kafka
