#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/clock.h"
#include "core/result.h"

namespace CLI {
class App;
}

namespace aev::app {

/// Where a running host is, from the command line or the environment.
struct ApiEndpoint {
  std::string url;    ///< --url, ARAGORA_EVENTS_URL, else http://127.0.0.1:8080
  std::string token;  ///< --token, ARAGORA_EVENTS_TOKEN, else none
};

/// Adds --url and --token to a verb; `endpoint` must outlive the parsing.
void add_endpoint_options(CLI::App& verb, ApiEndpoint& endpoint);

struct ApiAnswer {
  int status = 0;
  std::string body;
  std::uint32_t retry_after_s = 0;
};

using Parameters = std::vector<std::pair<std::string, std::string>>;

/// A connection to a host's HTTP API, kept open between calls. Confined to one thread.
class ApiClient {
 public:
  explicit ApiClient(ApiEndpoint endpoint);
  ~ApiClient();
  ApiClient(const ApiClient&) = delete;
  ApiClient& operator=(const ApiClient&) = delete;

  /// Any answer is a success here; kIo says that the host cannot be reached and what to do. Blocks.
  [[nodiscard]] Result<ApiAnswer> call(const std::string& method,
                                       const std::string& path,
                                       const Parameters& query = {},
                                       std::string_view body = {},
                                       const std::string& content_type = {});

 private:
  struct Session;
  ApiEndpoint endpoint_;
  std::unique_ptr<Session> session_;
};

/// `detail` of a problem document with its status, or the start of whatever else the answer was.
[[nodiscard]] std::string describe_refusal(const ApiAnswer& answer);

/// One path segment, percent-encoded.
[[nodiscard]] std::string encode_segment(std::string_view text);

}  // namespace aev::app
