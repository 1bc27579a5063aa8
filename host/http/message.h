#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>

#include "core/result.h"

namespace aev::http {

/// An answer that fits in memory.
struct Response {
  int status = 200;
  std::string content_type = "application/json";
  std::string body;
  std::map<std::string, std::string> headers;
};

/// A problem document (RFC 9457) for `error`, with the status that its code stands for and, for 503
/// and 507, a Retry-After. `extra_members` is JSON text of further members,
/// `"index":3,"accepted":2`.
[[nodiscard]] Response problem_response(const Error& error, std::string_view extra_members = {});

/// A problem document with a status that has no ErrorCode (405, 401 …).
[[nodiscard]] Response problem_response(int status,
                                        std::string_view title,
                                        std::string_view detail);

/// A problem document for `error` with a status of the caller's choice, for those that share an
/// ErrorCode (422 beside 400). Retry-After as above.
[[nodiscard]] Response problem_response(int status,
                                        std::string_view title,
                                        const Error& error,
                                        std::string_view extra_members = {});

[[nodiscard]] Response json_response(std::string body, int status = 200);

/// Bytes that may be read (their content means nothing) behind what Exchange::read_body returns,
/// for parsers that read in wide steps.
inline constexpr std::size_t kBodyPadding = 64;

/// One request and its answer, on the connection's thread. Views stay valid as long as the
/// exchange.
class Exchange {
 public:
  virtual ~Exchange() = default;
  [[nodiscard]] virtual std::string_view method() const = 0;
  /// Without the query, as sent (percent-encoded).
  [[nodiscard]] virtual std::string_view path() const = 0;
  /// After the `?`, as sent; empty if none.
  [[nodiscard]] virtual std::string_view query() const = 0;
  /// Value of a header (name in any case), empty when absent.
  [[nodiscard]] virtual std::string_view header(std::string_view name) const = 0;
  /// Calls `visit` for each header in the order sent.
  using HeaderVisitor = void (*)(void* context, std::string_view name, std::string_view value);
  virtual void each_header(HeaderVisitor visit, void* context) const = 0;

  /// Reads up to `capacity` body bytes; 0 at the end. kIo when the peer went away or the request's
  /// total deadline passed (time between two reads does not count), kInvalid when the body's chunks
  /// are malformed. Blocks.
  [[nodiscard]] virtual Result<std::size_t> read(char* into, std::size_t capacity) = 0;
  /// The whole body, in a buffer that the next request on this thread reuses, with kBodyPadding
  /// readable bytes behind it. Call it instead of read(), once. kTooLarge beyond `limit` bytes
  /// (nothing more is read then), kIo and kInvalid as read().
  [[nodiscard]] virtual Result<std::string_view> read_body(std::size_t limit) = 0;
  /// Body length by Content-Length, if given.
  [[nodiscard]] virtual std::optional<std::uint64_t> content_length() const = 0;

  /// Sends the answer; once per exchange. A peer that went away is no error.
  virtual void respond(const Response& response) = 0;
  /// The same for the hot path: no map, no copies.
  virtual void respond(int status, std::string_view content_type, std::string_view body) = 0;
};

/// Serves exchanges, from many threads at once. Must respond once and must not throw.
class Handler {
 public:
  virtual ~Handler() = default;
  virtual void handle(Exchange& exchange) = 0;
};

}  // namespace aev::http
