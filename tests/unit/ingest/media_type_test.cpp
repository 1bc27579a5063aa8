#include "ingest/media_type.h"

#include <catch2/catch.hpp>

using aev::ingest::Format;
using aev::ingest::format_of;

TEST_CASE("content types are known in any case and with parameters", "[ingest]") {
  CHECK(format_of("application/json", false) == Format::kJson);
  CHECK(format_of("Application/JSON; charset=UTF-8", false) == Format::kJson);
  CHECK(format_of("application/json;charset=\"utf-8\"", false) == Format::kJson);
  CHECK(format_of("application/x-ndjson", false) == Format::kNdjson);
  CHECK(format_of("application/cloudevents+json", false) == Format::kCloudEvent);
  CHECK(format_of("application/cloudevents-batch+json; charset=utf-8", false) ==
        Format::kCloudEventBatch);
}

TEST_CASE("ce headers make any other type binary mode", "[ingest]") {
  CHECK(format_of("application/json", true) == Format::kCloudEventBinary);
  CHECK(format_of("image/png", true) == Format::kCloudEventBinary);
  CHECK(format_of("", true) == Format::kCloudEventBinary);
  CHECK(format_of("application/cloudevents+json", true) == Format::kCloudEvent);
}

TEST_CASE("other types and charsets are unknown", "[ingest]") {
  CHECK_FALSE(format_of("", false));
  CHECK_FALSE(format_of("text/plain", false));
  CHECK_FALSE(format_of("application/x-www-form-urlencoded", false));
  CHECK_FALSE(format_of("application/json; charset=latin1", false));
  CHECK_FALSE(format_of("application/cloudevents+avro", true));
  CHECK_FALSE(format_of("application/cloudevents-batch+avro", false));
}
