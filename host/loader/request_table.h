#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <optional>
#include <utility>
#include <vector>

#include "core/mutex.h"
#include "core/result.h"
#include "loader/host_services.h"

namespace aev::loader {

/// What a plugin hears about a request of its own.
struct Answer {
  std::optional<Error> error;  ///< none: it went well
  bool ended = false;          ///< the instance ends: AEV_E_STATE
  HistoryPage page;            ///< of a reading
};

/// Calls the plugin's function of a request.
using AnswerCall = std::function<void(const Answer&)>;

/// The requests of one instance that wait for their answer, and the answers that wait for the
/// instance's thread. Each request is answered once. Thread-safe.
class RequestTable {
 public:
  /// Takes requests from now on.
  void begin() AEV_EXCLUDES(mutex_);

  /// A new request's number; nothing while `most` are open, or, with `closed` set, before begin()
  /// and after end().
  [[nodiscard]] std::optional<std::uint64_t> open(AnswerCall call, std::size_t most, bool& closed)
      AEV_EXCLUDES(mutex_);

  /// Forgets a request that was refused at once.
  void cancel(std::uint64_t number) AEV_EXCLUDES(mutex_);

  /// Queues the answer; false if there is no such request any more.
  [[nodiscard]] bool answer(std::uint64_t number, Answer answer) AEV_EXCLUDES(mutex_);

  using Ready = std::pair<AnswerCall, Answer>;
  [[nodiscard]] std::optional<Ready> next() AEV_EXCLUDES(mutex_);

  [[nodiscard]] bool has_ready() AEV_EXCLUDES(mutex_);

  /// Takes no more requests.
  void end() AEV_EXCLUDES(mutex_);

  /// end(), and what is queued, then what was open with an answer that says so.
  [[nodiscard]] std::vector<Ready> end_all() AEV_EXCLUDES(mutex_);

 private:
  Mutex mutex_;
  bool closed_ AEV_GUARDED_BY(mutex_) = true;
  std::uint64_t next_number_ AEV_GUARDED_BY(mutex_) = 1;
  std::map<std::uint64_t, AnswerCall> open_ AEV_GUARDED_BY(mutex_);
  std::deque<Ready> ready_ AEV_GUARDED_BY(mutex_);
};

}  // namespace aev::loader
