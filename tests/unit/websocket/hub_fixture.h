#pragma once

#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include <aev/fake_host.hpp>

#include "hub.h"

namespace aev::websocket::testing {

/// A client without a socket: what it is sent arrives when the test lets it read.
class FakeClient final : public Client {
 public:
  explicit FakeClient(std::uint64_t client_id)
      : Client(client_id, TokenBucket(1e6, 1e6, MonoTime{})) {}

  void start_write() override {
    writing = true;
    in_flight = outbox.pop();
  }

  void start_close(CloseCode code, std::string_view reason, bool /*after_outbox*/) override {
    close_code = code;
    close_reason = reason;
  }

  void start_ping() override { ++pings; }

  void cut() override { was_cut = true; }

  FrameRef in_flight;
  std::vector<std::string> received;
  CloseCode close_code = CloseCode::kNormal;
  std::string close_reason;
  int pings = 0;
  bool was_cut = false;
};

/// A hub, a log whose reads happen when the test says so, and clients.
class HubFixture {
 public:
  explicit HubFixture(const std::string& config = "{}");

  /// Appends to the log; it is durable from here on. The seq.
  std::uint64_t append(const std::string& debate, const std::string& type = "vote");

  /// Delivers events of the log by seq, as one batch.
  void deliver(const std::vector<std::uint64_t>& seqs, std::uint32_t flags = 0);

  std::shared_ptr<FakeClient> connect(const UpgradeRequest& request);
  std::shared_ptr<FakeClient> listen(const std::string& debate);
  void say(FakeClient& client, const std::string& text);
  void disconnect(FakeClient& client);

  /// Lets the network take one message of the client; false if there is none.
  bool read_one(FakeClient& client);

  /// Answers the oldest read that is open, with the log as it is now; false if there is none.
  bool answer_read();

  /// Runs the oldest task that was posted to the I/O thread; false if there is none.
  bool run_task();

  /// Until nothing is left to do; clients in `readers` read everything.
  void settle(const std::vector<std::shared_ptr<FakeClient>>& readers);

  /// The seqs of the events that the client has received, in their order.
  static std::vector<std::uint64_t> seqs(const FakeClient& client);

  /// Messages of a type that it has received.
  static std::vector<std::string> of_type(const FakeClient& client, const std::string& type);

  MonoTime now{std::chrono::hours(1)};
  std::map<std::uint64_t, sdk::FakeEvent> log;
  sdk::Status next_read{};  ///< what the next read comes to
  std::size_t reads = 0;
  Options options;
  HistoryReader history;
  Hub hub;

 private:
  struct OpenRead {
    std::string debate_id;
    std::uint64_t after_seq = 0;
    std::uint32_t max_events = 0;
    std::function<void(const sdk::Status&, const sdk::HistoryPage*)> read;
  };

  std::deque<OpenRead> open_reads_;
  std::deque<std::function<void()>> tasks_;
  std::uint64_t next_client_ = 1;
  std::uint64_t next_batch_ = 1;
};

}  // namespace aev::websocket::testing
