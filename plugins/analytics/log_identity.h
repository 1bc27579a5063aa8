#pragma once

#include <functional>
#include <string>

#include <aev/plugin.hpp>

#include "rollup.h"

namespace aev::analytics {

/// Runs something on the worker's thread, soon; may be called on any thread.
using Post = std::function<void(std::function<void()>)>;

/// Finds out whose log the events come from before the first of them is counted. Seqs mean
/// something within one log only: the host keeps a random name of its log in its durable state, the
/// file keeps the same name beside the seqs that were counted. So
/// - a host whose store was replaced (no name there) begins a new log in the file: nothing that it
///   delivers is taken for counted, and the old figures stay;
/// - a store that was put back to an earlier state (its last seq is below what was counted) keeps
///   its name, and the seqs that it will give away again are forgotten;
/// - a log with another event at the newest seq that was counted is another log.
/// Confined to the worker's thread.
class LogIdentity {
 public:
  LogIdentity(sdk::Host host, Rollup& rollup, Post post);

  /// Begins, or tries again after the host had no time. Throws DatabaseError.
  void ask();

  /// True once events may be counted.
  [[nodiscard]] bool known() const { return known_; }

  /// True if ask() has to be called again.
  [[nodiscard]] bool failed() const { return failed_; }

 private:
  struct Finding {
    bool ok = false;
    std::uint64_t first_seq = 0;
    std::uint64_t last_seq = 0;
    std::string event_at_highest;  // its id; empty: not in the log
  };

  void begin_log();
  void look_at_log();
  void take(const Finding& finding);

  const sdk::Host host_;
  Rollup& rollup_;
  const Post post_;
  bool known_ = false;
  bool failed_ = false;
  bool replaced_ = false;
};

}  // namespace aev::analytics
