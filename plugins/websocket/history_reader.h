#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include <aev/plugin.hpp>

#include "frame.h"

namespace aev::websocket {

/// What a page of the log came to.
struct PageResult {
  sdk::Status status;
  std::vector<FrameRef> frames;   ///< whatever the visitor made of the events
  std::uint64_t scanned_seq = 0;  ///< everything up to here has been looked at
  std::uint64_t first_seq = 0;
  std::uint64_t last_seq = 0;
  bool at_end = false;
};

/// Reads pages of the host's log for many clients, a few at a time, first come first served. Its
/// functions are confined to the I/O thread.
class HistoryReader {
 public:
  /// As sdk::Host::read_history.
  using Source =
      std::function<sdk::Status(const sdk::HistoryRequest&,
                                std::function<void(const sdk::Status&, const sdk::HistoryPage*)>)>;
  /// Runs a task on the I/O thread later. Thread-safe.
  using Post = std::function<void(std::function<void()>)>;
  /// Makes frames of one event, on the thread of the host's answer, while the event is there.
  using Visit = std::function<void(const sdk::Event&, std::vector<FrameRef>&)>;
  /// Hears the result on the I/O thread.
  using Done = std::function<void(PageResult)>;

  struct Request {
    std::string debate_id;
    std::uint64_t after_seq = 0;
    std::uint32_t max_events = 0;
    std::uint64_t max_bytes = 0;
  };

  HistoryReader(Source source, Post post) : source_(std::move(source)), post_(std::move(post)) {}

  /// `done` hears the end, unless the reader is closed before.
  void read(Request request, Visit visit, Done done);

  /// Tries again what the host had no room for. Call it now and then.
  void retry() { pump(); }

  /// Forgets what waits and ignores what is still to come.
  void close();

 private:
  struct Waiting {
    Request request;
    Visit visit;
    Done done;
  };

  void pump();
  void finished(const Done& done, PageResult result);

  static constexpr std::size_t kAtOnce = 8;

  Source source_;
  Post post_;
  std::deque<Waiting> waiting_;
  std::size_t open_ = 0;
  bool closed_ = false;
  std::shared_ptr<HistoryReader*> self_ = std::make_shared<HistoryReader*>(this);
};

}  // namespace aev::websocket
