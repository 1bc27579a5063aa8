#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>
#include <utility>
#include <vector>

namespace aev::http {

/// How the end of a request's body is found (RFC 9112 section 6.3).
enum class BodyFraming : std::uint8_t { kNone, kLength, kChunked };

/// The parsed head of one request; views into the bytes that were parsed.
struct RequestHead {
  std::string_view method;
  std::string_view path;
  std::string_view query;
  std::vector<std::pair<std::string_view, std::string_view>> headers;
  BodyFraming framing = BodyFraming::kNone;
  std::uint64_t content_length = 0;  ///< when framing is kLength
  bool http_1_0 = false;
  bool keep_alive = true;
  bool expect_continue = false;
  std::size_t bytes = 0;  ///< length of the head with its empty line

  /// Value of the first header of that name (any case), empty when absent.
  [[nodiscard]] std::string_view header(std::string_view name) const;
};

/// What is wrong with a head: the status to answer and a sentence for the person who sent it.
struct HeadProblem {
  int status = 0;  ///< 0: nothing
  std::string_view detail;
};

enum class HeadState : std::uint8_t { kIncomplete, kComplete, kRefused };

inline constexpr std::size_t kMaxHeadBytes = 16 * 1024;
inline constexpr std::size_t kMaxHeaders = 100;

/// Parses a request head from the beginning of `bytes` into `head` (reused, so that its memory is).
/// Strict where laxness lets two parsers disagree on where a request ends: no folded lines, no
/// space before a colon, one meaning of the body's length. Pure.
[[nodiscard]] HeadState parse_request_head(std::string_view bytes,
                                           RequestHead& head,
                                           HeadProblem& problem);

/// True if the ASCII texts are the same but for case.
[[nodiscard]] bool same_name(std::string_view a, std::string_view b);

}  // namespace aev::http
