#pragma once

#include <cstdint>
#include <functional>
#include <string>

#include "rdkafka_handles.h"
#include "source_options.h"

namespace aev::kafka {

/// Writes dead letters into Kafka. The producer is made with the first one. Confined to one thread.
class DeadLetterTopic {
 public:
  /// Hears a letter's end: no error once all in-sync replicas have it.
  using Done = std::function<void(std::uint64_t ticket, rd_kafka_resp_err_t error)>;

  /// `options` outlives it.
  explicit DeadLetterTopic(const SourceOptions& options);
  ~DeadLetterTopic();
  DeadLetterTopic(const DeadLetterTopic&) = delete;
  DeadLetterTopic& operator=(const DeadLetterTopic&) = delete;

  /// Sends `json` with the message's own key and headers. An error means that it was not taken and
  /// has no end. Throws std::runtime_error if there can be no producer.
  [[nodiscard]] rd_kafka_resp_err_t send(const rd_kafka_message_t& message,
                                         const std::string& json,
                                         std::uint64_t ticket);

  /// Tells the ends that are known by now; never blocks.
  void poll(const Done& done);

  /// The dead-letter topic of messages of `topic`.
  [[nodiscard]] std::string name_for(const std::string& topic) const;

 private:
  const SourceOptions& options_;
  ClientPtr client_;
  QueuePtr queue_;
};

/// True if writing again later cannot help: the letter, or the topic, will not be had.
[[nodiscard]] bool is_final_refusal(rd_kafka_resp_err_t error) noexcept;

}  // namespace aev::kafka
