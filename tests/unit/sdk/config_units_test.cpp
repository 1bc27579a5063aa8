#include <catch2/catch.hpp>

#include <aev/config_units.hpp>

using namespace std::chrono_literals;
namespace sdk = aev::sdk;

TEST_CASE("a duration is a sum of numbers with units", "[sdk]") {
  CHECK(sdk::parse_duration("500ms") == 500ms);
  CHECK(sdk::parse_duration("10s") == 10s);
  CHECK(sdk::parse_duration("1h30m") == 90min);
  CHECK(sdk::parse_duration("1.5h") == 90min);
  CHECK(sdk::parse_duration("7d") == 168h);
  CHECK(sdk::parse_duration("0") == 0ms);
  CHECK(sdk::parse_duration("0s") == 0ms);
  for (const char* const wrong : {"", "10", "s", "-5s", "5 s", "5S", "1e3s", "5s,", "nan", "inf",
                                  "99999999999999999d", "5s5", "0x5s", "+5s"}) {
    INFO(wrong);
    CHECK_FALSE(sdk::parse_duration(wrong));
  }
}

TEST_CASE("a size is a number with a unit of bytes", "[sdk]") {
  CHECK(sdk::parse_size("512B") == 512);
  CHECK(sdk::parse_size("64KiB") == 65536);
  CHECK(sdk::parse_size("1.5GiB") == 1610612736);
  CHECK(sdk::parse_size("20MB") == 20'000'000);
  for (const char* const wrong : {"", "64", "64k", "64kib", "-1B", "9999999999GiB"}) {
    INFO(wrong);
    CHECK_FALSE(sdk::parse_size(wrong));
  }
}

TEST_CASE("what is out of bounds is refused with the bounds and the place", "[sdk]") {
  CHECK(sdk::duration_in("/linger", "5ms", 0ms, 1min) == 5ms);
  CHECK(sdk::size_in("/queue", "1MiB", 1, 1 << 30) == 1 << 20);
  try {
    static_cast<void>(sdk::duration_in("/linger", "2m", 0ms, 1min));
    FAIL("two minutes are more than one");
  } catch (const sdk::ConfigError& error) {
    CHECK(error.path() == "/linger");
    CHECK(error.what() == std::string("'2m' is not from 0s to 1m"));
  }
  try {
    static_cast<void>(sdk::size_in("/queue", "soon", 1, 1 << 30));
    FAIL("that is no size");
  } catch (const sdk::ConfigError& error) {
    CHECK(error.path() == "/queue");
    CHECK(error.what() ==
          std::string("'soon' is not a size; write it like 512B, 64KiB, 16MiB or 2GiB"));
  }
}

TEST_CASE("what is formatted is read back", "[sdk]") {
  for (const auto duration : {0ms, 1ms, 1500ms, 60'000ms, 5'400'000ms, 172'800'000ms}) {
    CHECK(sdk::parse_duration(sdk::format_duration(duration)) == duration);
  }
  for (const std::int64_t bytes : {0l, 1l, 1000l, 65536l, 1l << 30, 3l << 30}) {
    CHECK(sdk::parse_size(sdk::format_size(bytes)) == bytes);
  }
}
