#include "options.h"

#include <catch2/catch.hpp>

namespace aev::analytics {
namespace {

/// JSON Pointer and text of what is wrong.
std::pair<std::string, std::string> fault_of(const std::string& config) {
  try {
    static_cast<void>(parse_options(config));
  } catch (const sdk::ConfigError& fault) {
    return {fault.path(), fault.what()};
  }
  return {"", "nothing"};
}

TEST_CASE("what the configuration leaves out has a default") {
  const Options options = parse_options(R"({"file":"a.db"})");
  CHECK(options.file == "a.db");
  CHECK(options.commit_interval == std::chrono::milliseconds(50));
  CHECK(options.retention.buckets[0] == 2 * 86'400);
  CHECK(options.retention.buckets[1] == 60 * 86'400);
  CHECK_FALSE(options.retention.buckets[2]);
  CHECK(options.retention.debates == 400 * 86'400);
}

TEST_CASE("a retention is a duration or for ever") {
  const Options options = parse_options(
      R"({"file":"a.db","retention":{"minute":"36h","hour":"forever","day":"forever","debates":"90m"}})");
  CHECK(options.retention.buckets[0] == 36 * 3600);
  CHECK_FALSE(options.retention.buckets[1]);
  CHECK(options.retention.debates == 5400);
  CHECK(describe_seconds(36 * 3600) == "36h");
  CHECK(describe_seconds(90) == "90s");
}

TEST_CASE("what is wrong is named with its place") {
  using Fault = std::pair<std::string, std::string>;
  CHECK(fault_of("[1]").second.find("not a JSON object") != std::string::npos);
  CHECK(fault_of("{}").first == "/file");
  CHECK(fault_of(R"({"file":"folder/"})").first == "/file");
  CHECK(fault_of(R"({"file":"a","commit_interval":"9s"})") ==
        Fault("/commit_interval", "'9s' is too long: deliveries wait for it; 5s at most"));
  CHECK(fault_of(R"({"file":"a","retention":{"hour":"10 days"}})") ==
        Fault("/retention/hour", "'10 days' is not a duration such as 50ms, 48h or 400d"));
  CHECK(fault_of(R"({"file":"a","retention":{"hour":"10m"}})") ==
        Fault("/retention/hour", "'10m' is shorter than one hour"));
  CHECK(fault_of(R"({"file":"a","retention":{"minute":"90d"}})") ==
        Fault("/retention/hour",
              "hour figures (60d) must be kept at least as long as minute figures (90d)"));
  CHECK(fault_of(R"({"file":"a","retention":{"day":"30d"}})").first == "/retention/day");
  CHECK(fault_of(R"({"file":"a","retention":{"debates":"99999999999999999999d"}})").first ==
        "/retention/debates");
}

}  // namespace
}  // namespace aev::analytics
