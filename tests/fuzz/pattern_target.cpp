// Any bytes as a pattern: it is refused with a reason, or routes events without a fault.

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <vector>

#include "comparison.h"
#include "routing/router.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size);

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using aev::fuzz::event_with;
  const std::string pattern(reinterpret_cast<const char*>(data), size);
  if (pattern.empty()) {
    return 0;  // a route without a pattern
  }
  std::vector<aev::routing::PatternError> errors;
  const auto router = aev::routing::Router::compile({{"r", pattern, false, {1}}}, errors);
  if ((router == nullptr) != !errors.empty()) {
    std::abort();
  }
  for (const auto& error : errors) {
    if (error.message.empty() || (!error.pointer.empty() && error.pointer[0] != '/')) {
      std::abort();
    }
  }
  if (router != nullptr) {
    for (const char* event :
         {"{}", R"({"a":[{"b":"x"},{"c":[1,null,"ab*"]}],"d":"10.0.0.1"})", "5"}) {
      static_cast<void>(router->route(*event_with(event)));
      static_cast<void>(router->matching_routes(*event_with(event)));
    }
  }
  return 0;
}
