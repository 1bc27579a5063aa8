#include <Poco/JSON/Object.h>
#include <Poco/JSON/Parser.h>
#include <catch2/catch.hpp>

#include "dead_letter_record.h"
#include "mock_cluster.h"

namespace aev::kafka {
namespace {

Poco::JSON::Object::Ptr letter_of(const TestMessage& message, bool with_value = true) {
  const MockCluster cluster;
  cluster.create_topic("orders", 1);
  cluster.produce("orders", 0, {message});
  const auto read = cluster.read("orders", 0, 1);
  REQUIRE(read.size() == 1);
  const std::string json = dead_letter_json(
      *read[0], {"malformed", "not \"JSON\"", 1'772'366'400'000'000'000}, with_value);
  INFO(json);
  return Poco::JSON::Parser().parse(json).extract<Poco::JSON::Object::Ptr>();
}

TEST_CASE("a dead letter tells all of the message", "[kafka]") {
  const auto letter = letter_of({"{broken", "k1", {{"trace", "7"}}});
  CHECK(letter->getValue<std::string>("original_topic") == "orders");
  CHECK(letter->getValue<int>("original_partition") == 0);
  CHECK(letter->getValue<int>("original_offset") == 0);
  CHECK(letter->getValue<std::string>("original_key") == "k1");
  CHECK(letter->getValue<std::string>("original_value") == "{broken");
  CHECK(letter->getObject("original_headers")->getValue<std::string>("trace") == "7");
  CHECK(letter->getValue<std::int64_t>("original_timestamp") > 0);
  CHECK(letter->getValue<std::string>("error_message") == "not \"JSON\"");
  CHECK(letter->getValue<std::string>("error_type") == "malformed");
  CHECK(letter->getValue<int>("retry_count") == 0);
  CHECK(letter->getValue<std::string>("failed_at") == "2026-03-01T12:00:00Z");
}

TEST_CASE("values of any kind keep their bytes in a dead letter", "[kafka]") {
  CHECK(letter_of({R"({"a":[1]})", {}, {}})->getObject("original_value")->has("a"));
  CHECK(letter_of({"\xff\x01", {}, {}})->getValue<std::string>("original_value_base64") == "/wE=");
  CHECK(letter_of({{}, {}, {}})->get("original_value").isEmpty());
  CHECK(letter_of({{}, {}, {}})->get("original_key").isEmpty());
  CHECK_FALSE(letter_of({"text", {}, {}}, false)->has("original_value"));
}

}  // namespace
}  // namespace aev::kafka
