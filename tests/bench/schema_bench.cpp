// What it costs to check one event against its schema, beside parsing the same bytes alone.
//   schema_bench FOLDER-OF-SCHEMAS [ROUNDS]

#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <string>

#include <boost/json.hpp>

#include "events/event_schemas.h"

namespace {

using Clock = std::chrono::steady_clock;

double microseconds(Clock::time_point begin, long rounds) {
  return std::chrono::duration<double, std::micro>(Clock::now() - begin).count() /
         static_cast<double>(rounds);
}

}  // namespace

int main(int argc, char** argv) {
  if (argc < 2) {
    std::fprintf(stderr, "usage: %s FOLDER-OF-SCHEMAS [ROUNDS]\n", argv[0]);
    return 2;
  }
  const long rounds = argc > 2 ? std::strtol(argv[2], nullptr, 10) : 200'000;
  std::vector<aev::events::SchemaFileError> errors;
  const auto schemas = aev::events::EventSchemas::load({argv[1]}, errors);
  const std::string data = R"({"debate_id":"d1","agent":"claude","content":")" +
                           std::string(860, 'x') +
                           R"(","round":3,"role":"critic","confidence":0.75,)"
                           R"("citations":["a","b"],"extra":{"k":[1,2,3]}})";
  if (!schemas->accepts("agent_message", data) || schemas->all().empty() || rounds < 1) {
    std::fprintf(stderr, "%s: no schemas that the event fits\n", argv[1]);
    return 1;
  }
  long fitting = 0;
  auto begin = Clock::now();
  for (long i = 0; i < rounds; ++i) {
    fitting += schemas->accepts("agent_message", data) ? 1 : 0;
  }
  const double check = microseconds(begin, rounds);
  std::size_t members = 0;
  begin = Clock::now();
  for (long i = 0; i < rounds; ++i) {
    unsigned char buffer[8192];
    boost::json::monotonic_resource memory(buffer, sizeof buffer);
    boost::json::error_code failure;
    members += boost::json::parse(data, failure, &memory).as_object().size();
  }
  const double parse = microseconds(begin, rounds);
  std::printf(
      "schema check of %zu bytes: host %.2f us, reference (bare parse) %.2f us, ratio %.1f\n",
      data.size(), check, parse, check / parse);
  return fitting == rounds && members > 0 ? 0 : 1;
}
