#include "events/known_event_types.h"

#include <algorithm>

#include <catch2/catch.hpp>

namespace aev::events {
namespace {

TEST_CASE("known event types are found by name and grouped", "[types]") {
  const auto all = known_event_types();
  CHECK(std::is_sorted(all.begin(), all.end(),
                       [](const auto& a, const auto& b) { return a.name < b.name; }));
  CHECK(std::adjacent_find(all.begin(), all.end(), [](const auto& a, const auto& b) {
          return a.name == b.name;
        }) == all.end());
  const auto in_group = [&](std::string_view group) {
    return std::count_if(all.begin(), all.end(),
                         [&](const auto& type) { return type.group == group; });
  };
  CHECK(in_group("debate") == 8);
  CHECK(in_group("gauntlet") == 11);
  CHECK(in_group("security") == 15);
  CHECK(in_group("security_log") == 3);
  CHECK(in_group("deliberation") == 21);
  // The 19 notifications share the name agent_error with the stream.
  CHECK(in_group("notification") == 18);
  CHECK(all.size() == 277 + 18 + 21 + 15 + 3);
  for (const KnownEventType& type : all) {
    CHECK(find_known_event_type(type.name) == &type);
  }
  CHECK(find_known_event_type("vote")->group == "debate");
  CHECK(find_known_event_type("votes") == nullptr);
  CHECK(find_known_event_type("") == nullptr);
}

}  // namespace
}  // namespace aev::events
