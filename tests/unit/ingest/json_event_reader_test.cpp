#include "ingest/json_event_reader.h"

#include <string>

#include <catch2/catch.hpp>

using namespace aev::ingest;

namespace {

bool valid(const std::string& json) {
  return !check_json(json);
}

}  // namespace

TEST_CASE("valid JSON of every kind passes the check", "[ingest]") {
  for (const char* json :
       {"{}", "[]", "\"\"", "0", "-0", "1.5e+10", "123456789012345678901234567890", "1e999", "true",
        "false", "null", " {\"a\" : [1, {\"b\":\"\\u00e9\\n\"}, null] } ", "\"\\ud83d\\ude00\""}) {
    CAPTURE(json);
    CHECK(valid(json));
  }
}

TEST_CASE("what is not JSON fails the check, however deep", "[ingest]") {
  for (const char* json : {"",
                           " ",
                           "{",
                           "}",
                           "[1,]",
                           "{\"a\":1,}",
                           "{\"a\" 1}",
                           "{a:1}",
                           "{\"a\":1 \"b\":2}",
                           "01",
                           "1.",
                           ".5",
                           "-",
                           "+1",
                           "1e",
                           "tru",
                           "truex",
                           "nul",
                           "nullx",
                           "True",
                           "NaN",
                           "'a'",
                           "\"a",
                           "\"\\x\"",
                           "\"\\u12\"",
                           "\"\t\"",
                           "1 2",
                           "1,2",
                           "1],[2",
                           "{}{}",
                           "{\"a\":{\"b\":[1,tru]}}",
                           "{\"a\":{\"b\":[1,2}}",
                           "{\"a\":[\"\\q\"]}",
                           "\"\\ud800\"",
                           "[1}",
                           "{\"a\":{\"b\":01}}"}) {
    CAPTURE(json);
    CHECK_FALSE(valid(json));
  }
}

TEST_CASE("text that is not UTF-8 fails the check", "[ingest]") {
  for (const char* json : {"\"\xff\"", "\"\xc0\xa0\"", "{\"\xed\xa0\x80\":1}", "\"\xe2\x82\""}) {
    CHECK_FALSE(valid(json));
  }
}

TEST_CASE("nesting is bounded", "[ingest]") {
  const auto nested = [](int depth) {
    return std::string(static_cast<std::size_t>(depth), '[') +
           std::string(static_cast<std::size_t>(depth), ']');
  };
  CHECK(valid(nested(100)));
  CHECK_FALSE(valid(nested(200)));
  CHECK_FALSE(valid(nested(2000)));
  CHECK_FALSE(valid(std::string(100'000, '[')));
  CHECK_FALSE(valid(std::string(100'000, '{')));
}

TEST_CASE("members come with their text exactly as sent", "[ingest]") {
  std::string json = R"( [ {"a" : "x\u0041" , "b": { "c" : [1 , 2.50] } ,"d":1.0e2 } , 5, {} ] )";
  const std::size_t size = json.size();
  json.append(kJsonPadding, ' ');
  JsonEventReader reader;
  REQUIRE_FALSE(reader.open(std::string_view(json).substr(0, size)));
  CHECK(reader.is_array());
  REQUIRE(reader.next() == JsonEventReader::Step::kObject);
  const auto& members = reader.members();
  REQUIRE(members.size() == 3);
  CHECK(members[0].name == "a");
  CHECK(members[0].text == "xA");
  CHECK(members[0].raw == R"("x\u0041")");
  CHECK(members[1].raw == R"({ "c" : [1 , 2.50] })");
  CHECK(members[2].raw == "1.0e2");
  CHECK(reader.object_bytes() ==
        std::string(R"({"a" : "x\u0041" , "b": { "c" : [1 , 2.50] } ,"d":1.0e2 })").size());
  CHECK(reader.next() == JsonEventReader::Step::kProblem);
  CHECK(reader.next() == JsonEventReader::Step::kObject);
  CHECK(reader.members().empty());
  CHECK(reader.next() == JsonEventReader::Step::kEnd);
}

TEST_CASE("an object may have only so many members", "[ingest]") {
  std::string json = "{";
  for (std::size_t i = 0; i <= JsonEventReader::kMaxMembers; ++i) {
    json += (i == 0 ? "\"m" : ",\"m") + std::to_string(i) + "\":1";
  }
  json += "}";
  const std::size_t size = json.size();
  json.append(kJsonPadding, ' ');
  JsonEventReader reader;
  REQUIRE_FALSE(reader.open(std::string_view(json).substr(0, size)));
  CHECK(reader.next() == JsonEventReader::Step::kProblem);
  CHECK(reader.next() == JsonEventReader::Step::kEnd);
}
