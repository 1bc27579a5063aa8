#include "outcome.h"

namespace aev::webhook {
namespace {

constexpr std::size_t kShownBytes = 200;

}  // namespace

sdk::Result outcome_of(long status,
                       std::chrono::milliseconds retry_after,
                       const std::string& reason) {
  const auto code = static_cast<std::int32_t>(status);
  if (status >= 200 && status <= 299) {
    return sdk::Delivered(code);
  }
  if (status == 410) {
    return sdk::Disable(reason, code);
  }
  if (status == 429 || status == 502 || status == 503 || status == 504) {
    return sdk::Throttle(reason, code, retry_after);
  }
  if (status == 408 || status >= 500) {
    return sdk::Retry(reason, code, retry_after);
  }
  return sdk::Reject(reason, code);
}

std::string describe_answer(long status, std::string_view body) {
  std::string text = "HTTP " + std::to_string(status);
  if (status >= 300 && status <= 399) {
    text += ": redirects are not followed; set the url to where it leads";
  } else if (status == 410) {
    text += ": the endpoint is gone for good";
  }
  std::string shown;
  for (const char each : body.substr(0, kShownBytes)) {
    const auto byte = static_cast<unsigned char>(each);
    shown += byte < 0x20 || byte >= 0x7f ? ' ' : each;  // what people can read of it
  }
  const auto begin = shown.find_first_not_of(' ');
  if (begin != std::string::npos) {
    text += ": " + shown.substr(begin);
  }
  return text;
}

}  // namespace aev::webhook
