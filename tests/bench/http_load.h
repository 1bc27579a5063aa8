#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace aev::bench {

struct LoadResult {
  std::uint64_t requests = 0;
  double seconds = 0;

  [[nodiscard]] double per_second() const {
    return seconds > 0 ? static_cast<double>(requests) / seconds : 0;
  }
};

/// Posts `body` to `url` from `connections` keep-alive connections, a thread each, for `seconds` or
/// until `max_requests` are done (0: no limit). Aborts the benchmark on any answer but 202.
[[nodiscard]] LoadResult post_for(const std::string& url,
                                  const std::string& path,
                                  std::string_view content_type,
                                  const std::string& body,
                                  int connections,
                                  double seconds,
                                  std::uint64_t max_requests = 0);

/// One request; the body of the answer.
[[nodiscard]] std::string get(const std::string& url, const std::string& path);

/// A connected socket to `http://127.0.0.1:PORT`, with TCP_NODELAY.
[[nodiscard]] int connect_to(const std::string& url);

}  // namespace aev::bench
