// A pattern, a line break, and an event: the router says what the slow matcher says.

#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <optional>
#include <string>
#include <vector>

#include "comparison.h"
#include "routing/router.h"
#include "slow_matcher.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size);

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  constexpr std::size_t kMaxBytes = 2048;
  const std::string text(reinterpret_cast<const char*>(data), size);
  const std::size_t line_break = text.find('\n');
  if (size > kMaxBytes || line_break == std::string::npos || line_break == 0) {
    return 0;
  }
  const std::string pattern = text.substr(0, line_break);
  const std::string event = text.substr(line_break + 1);
  std::vector<aev::routing::PatternError> errors;
  // By itself first: what closes a brace too many must not reach out of `data`.
  if (aev::routing::Router::compile({{"r", pattern, false, {1}}}, errors) == nullptr) {
    return 0;
  }
  const auto router =
      aev::routing::Router::compile({{"r", "{\"data\":" + pattern + "}", false, {1}}}, errors);
  if (router == nullptr) {
    return 0;  // one level too deep, now that it is inside of another
  }
  const bool matched = !router->route(*aev::fuzz::event_with(event)).unmatched;
  if (!aev::fuzz::is_comparable(pattern) || !aev::fuzz::is_comparable(event)) {
    return 0;
  }
  const std::optional<bool> expected =
      aev::test::slow_match_within(pattern, event, aev::fuzz::kCombinations);
  if (expected && *expected != matched) {
    std::fprintf(stderr, "the router says %s\n", matched ? "yes" : "no");
    std::abort();
  }
  return 0;
}
