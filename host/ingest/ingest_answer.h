#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "http/message.h"
#include "ingest/event_problem.h"

namespace aev::ingest {

/// Counts what became of a request's events and writes the 202:
/// `{"accepted":n,"duplicates":n,"ids":[…]}`, where accepted counts every event that is safe now
/// and duplicates those of them that were there already, with `"errors":[{index,pointer,detail}…]`
/// when a partial request had bad ones. Keeps its memory. Confined to one thread.
class IngestAnswer {
 public:
  /// With more events than this (a stream) the ids are left out, with more errors the rest is
  /// counted.
  static constexpr std::size_t kMaxIds = 100'000;
  static constexpr std::size_t kMaxErrors = 100;

  void clear();
  void add_stored(std::string_view id, bool duplicate);
  void add_error(std::uint64_t index, const EventProblem& problem);

  /// For streams: tells how many ids may be listed.
  void limit_ids(std::size_t most) { max_ids_ = most; }

  /// The body of the 202; valid until the next call.
  [[nodiscard]] std::string_view finish();

  [[nodiscard]] std::uint64_t accepted() const { return accepted_; }

  [[nodiscard]] std::uint64_t duplicates() const { return duplicates_; }

 private:
  std::string ids_;
  std::string errors_;
  std::string body_;
  std::size_t max_ids_ = kMaxIds;
  std::size_t listed_ = 0;
  std::uint64_t accepted_ = 0;
  std::uint64_t duplicates_ = 0;
  std::uint64_t errors_count_ = 0;
};

/// The problem document for `problem`. `index` counts a batch's events from 0; `extra_members` as
/// in http::problem_response.
[[nodiscard]] http::Response problem_answer(const EventProblem& problem,
                                            std::uint64_t index,
                                            std::string_view extra_members = {});

}  // namespace aev::ingest
