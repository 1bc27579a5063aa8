#pragma once

#include <ctime>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "events/event.h"
#include "routing/router.h"

namespace aev::bench {

/// CPU time of the calling thread in seconds: what others do on the machine counts less than with a
/// clock on the wall.
inline double cpu_seconds() {
  timespec now{};
  ::clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
  return static_cast<double>(now.tv_sec) + static_cast<double>(now.tv_nsec) * 1e-9;
}

inline events::EventRef event_of(std::string_view type, std::string_view data) {
  events::EventFields fields;
  fields.id = "0191f3a4-6b7c-7d8e-9fa0-b1c2d3e4f506";
  fields.event_type = type;
  fields.debate_id = "debate-42";
  fields.source = "arena";
  fields.data = data;
  return events::Event::create(fields);
}

/// Aborts if a pattern is wrong.
std::shared_ptr<const routing::Router> compile(const std::vector<std::string>& patterns);

/// One line that says whether a mark is met.
void verdict(const std::string& what, bool met);

/// Each prints what it measures; `quick` only shows that it works.
void measure_throughput(bool quick);
void measure_growth(bool quick);
void measure_worst_cases(bool quick);

}  // namespace aev::bench
