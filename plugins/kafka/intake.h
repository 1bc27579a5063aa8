#pragma once

#include <cstdint>
#include <string>

#include <aev/plugin.hpp>

#include "answer_box.h"
#include "dead_letter_topic.h"
#include "in_flight.h"
#include "incoming_message.h"
#include "source_options.h"

namespace aev::kafka {

/// Turns messages into events of the host, and knows which are durable. A message that is no event
/// becomes a dead letter: in the dead-letter topic, or, if that is not wanted or refuses it, as an
/// event `kafka_message_malformed`; it is settled only when that is durable. What cannot be done
/// now waits, in the order of its partition, and is tried again. Confined to one thread, but for
/// answers().
class Intake {
 public:
  /// `options` outlives it.
  Intake(const SourceOptions& options, sdk::Host host);

  /// Takes a message that was read.
  void take(MessagePtr message);

  /// Takes the answers that have come, and sends what waits and may go. Never blocks.
  void pump(sdk::MonoTime now);

  /// Takes the answers that have come, and sends nothing.
  void take_answers(sdk::MonoTime now);

  /// When pump() should be called if no answer comes.
  [[nodiscard]] sdk::MonoTime next_pump(sdk::MonoTime now) const;

  /// No more messages should be read for now.
  [[nodiscard]] bool is_full() const;

  [[nodiscard]] InFlightTable& table() { return table_; }

  [[nodiscard]] AnswerBox& answers() { return answers_; }

  /// Something else went wrong.
  void note(std::string error) { last_error_ = std::move(error); }

  /// The last thing that went wrong; empty: nothing yet.
  [[nodiscard]] const std::string& last_error() const { return last_error_; }

  struct Counts {
    std::uint64_t taken = 0;    ///< messages that became events
    std::uint64_t skipped = 0;  ///< that have no value
    std::uint64_t dead_lettered = 0;
    std::uint64_t bytes = 0;
  };

  [[nodiscard]] const Counts& counts() const { return counts_; }

 private:
  enum class Try : std::uint8_t { kSent, kSettled, kLater, kAgain };

  void take_dead_letter_ends(sdk::MonoTime now);
  void send_waiting(sdk::MonoTime now);
  [[nodiscard]] Try send(InFlight& entry, sdk::MonoTime now);
  [[nodiscard]] Try send_event(InFlight& entry);
  [[nodiscard]] Try send_dead_letter(InFlight& entry);
  [[nodiscard]] Try send_host_event(InFlight& entry, bool with_value);
  [[nodiscard]] Try judge(const sdk::Status& status, InFlight& entry);
  void refuse(InFlight& entry, const sdk::Status& status);
  void settled(InFlight& entry);
  void hold_off(sdk::MonoTime now, std::string_view why);

  const SourceOptions& options_;
  const sdk::Host host_;
  InFlightTable table_;
  DeadLetterTopic dead_letters_;
  AnswerBox answers_;
  IncomingMessage incoming_;  // reused
  sdk::MonoTime hold_until_{};
  std::uint32_t holds_in_a_row_ = 0;
  std::string last_error_;
  Counts counts_;
  sdk::Metric taken_;
  sdk::Metric skipped_;
  sdk::Metric buried_;
  sdk::Metric bytes_;
};

}  // namespace aev::kafka
