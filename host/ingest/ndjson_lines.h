#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string_view>

#include "core/result.h"
#include "http/message.h"

namespace aev::ingest {

/// Reads a body of lines in slices that are bounded, whatever the body's length. Confined to one
/// thread.
class NdjsonLines {
 public:
  static constexpr std::size_t kSliceLines = 500;
  static constexpr std::size_t kSliceBytes = 1u << 20;

  /// A line longer than `max_line_bytes` ends the reading; see overlong().
  explicit NdjsonLines(std::size_t max_line_bytes) : max_line_bytes_(max_line_bytes) {}

  /// Reads the next slice of whole lines; false when the body is at its end. Errors of
  /// Exchange::read. Views given before are void.
  [[nodiscard]] Result<bool> read_slice(http::Exchange& exchange);

  struct Line {
    std::string_view text;     ///< without its end; readable beyond by http::kBodyPadding bytes
    std::uint64_t number = 0;  ///< counted from 1
  };

  /// The next line of the slice that is not blank; false at the slice's end.
  [[nodiscard]] bool next(Line& line);

  /// True when the last line given by next() is the beginning of one that is too long.
  [[nodiscard]] bool overlong() const { return overlong_; }

 private:
  void make_room(std::size_t free_bytes);

  const std::size_t max_line_bytes_;
  std::unique_ptr<char[]> bytes_;
  std::size_t capacity_ = 0;
  std::size_t at_ = 0;         // next line of the slice
  std::size_t slice_end_ = 0;  // behind the slice's last line
  std::size_t end_ = 0;        // behind the last byte read
  std::uint64_t lines_ = 0;
  bool at_end_ = false;
  bool overlong_ = false;
};

}  // namespace aev::ingest
