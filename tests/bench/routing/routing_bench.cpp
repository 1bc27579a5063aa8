// What routing costs, and whether that is within the marks.
//   aev_routing_bench [--quick] [throughput|growth|worst]

#include <cstdio>
#include <cstdlib>
#include <string>

#include "measure.h"

namespace aev::bench {

std::shared_ptr<const routing::Router> compile(const std::vector<std::string>& patterns) {
  std::vector<routing::Route> routes;
  for (std::size_t i = 0; i < patterns.size(); ++i) {
    routes.push_back(
        {"r" + std::to_string(i), patterns[i], false, {static_cast<events::SubscriberId>(i % 10)}});
  }
  std::vector<routing::PatternError> errors;
  auto router = routing::Router::compile(routes, errors);
  if (router == nullptr) {
    std::fprintf(stderr, "a wrong pattern: %s %s\n", errors[0].pointer.c_str(),
                 errors[0].message.c_str());
    std::abort();
  }
  return router;
}

void verdict(const std::string& what, bool met) {
  std::printf("mark: %s: %s\n", what.c_str(), met ? "met" : "MISSED");
}

}  // namespace aev::bench

int main(int argc, char** argv) {
  bool quick = false;
  std::string only;
  for (int i = 1; i < argc; ++i) {
    const std::string argument = argv[i];
    if (argument == "--quick") {
      quick = true;
    } else {
      only = argument;
    }
  }
  if (only.empty() || only == "throughput") {
    aev::bench::measure_throughput(quick);
  }
  if (only.empty() || only == "growth") {
    aev::bench::measure_growth(quick);
  }
  if (only.empty() || only == "worst") {
    aev::bench::measure_worst_cases(quick);
  }
  return 0;
}
