#pragma once

#include <cstdint>
#include <istream>
#include <string>

#include "core/result.h"

namespace aev::app {

/// What one request carries.
struct EventSlice {
  std::string body;  ///< empty: the input is at its end
  std::string content_type;
  std::uint64_t first_line = 1;  ///< in the input
};

/// Cuts an input into requests: NDJSON by lines, anything else as one piece. Confined to one
/// thread.
class EventSlicer {
 public:
  /// `format` is ndjson, json, cloudevents, cloudevents-batch, or auto: NDJSON if `name` ends in
  /// .ndjson or .jsonl, or if the first line is a whole JSON object; JSON otherwise. `in` outlives
  /// this.
  EventSlicer(std::istream& in, std::string format, const std::string& name, std::size_t max_lines);

  /// The next slice: at most max_lines lines and about 1 MiB. kTooLarge when a JSON document that
  /// must be sent in one piece exceeds 64 MiB.
  [[nodiscard]] Result<EventSlice> next();

 private:
  Result<EventSlice> next_lines();
  Result<EventSlice> rest(const std::string& content_type);

  std::istream& in_;
  std::string format_;
  std::string pending_;  // a line that was read to look at it
  std::size_t max_lines_;
  std::uint64_t line_ = 0;
};

}  // namespace aev::app
