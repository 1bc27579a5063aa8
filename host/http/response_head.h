#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "http/message.h"

namespace aev::http {

/// The words behind a status code, "Unknown" when there are none.
[[nodiscard]] std::string_view reason_phrase(int status);

/// What of an answer's head does not depend on the handler.
struct ResponseFrame {
  std::int64_t now_unix_ns = 0;  ///< for Date
  bool close = false;            ///< say that the connection ends here
  bool say_keep_alive = false;   ///< an HTTP/1.0 peer asked for it
};

/// Builds response heads; remembers the text of the current second. Confined to one thread.
class ResponseHead {
 public:
  /// Replaces `out` by the head, up to and including its empty line. Header values that could break
  /// out of their line are left out.
  void write(std::string& out,
             int status,
             std::string_view content_type,
             std::size_t content_length,
             const std::map<std::string, std::string>* headers,
             const ResponseFrame& frame);

 private:
  std::int64_t date_second_ = -1;
  std::string date_;
};

}  // namespace aev::http
