#pragma once

#include <cstdio>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "core/mutex.h"
#include "http/message.h"

namespace aev::app {

/// Answer deliveries that carry an event of `event_type` with `status`, the first `count` times (0:
/// always).
struct FailureRule {
  std::string event_type;
  int status = 500;
  std::uint32_t count = 0;
};

/// `TYPE=STATUS[:COUNT]`; `*` is any type.
[[nodiscard]] Result<FailureRule> parse_failure_rule(std::string_view text);

struct ReceiverOptions {
  std::string secret;  ///< empty: signatures are not checked
  std::vector<FailureRule> failures;
  bool print_bodies = false;
  bool json = false;  ///< one JSON object a line
};

/// A webhook endpoint for trying things out: verifies each delivery's signature, prints a line for
/// it and answers 200, 401 when the signature is wrong, or what a failure rule says. Thread-safe.
class WebhookReceiver final : public http::Handler {
 public:
  /// `out` is borrowed.
  WebhookReceiver(ReceiverOptions options, std::FILE* out);

  void handle(http::Exchange& exchange) override;

 private:
  int failure_for(const std::vector<std::string>& event_types);

  const ReceiverOptions options_;
  std::FILE* const out_;
  Mutex mutex_;
  std::vector<std::uint32_t> failed_ AEV_GUARDED_BY(mutex_);
};

}  // namespace aev::app
