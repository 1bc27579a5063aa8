#include <catch2/catch.hpp>

#include <aev/plugin.hpp>

#include "events/canonical_json.h"
#include "events/event.h"
#include "events/targets.h"

namespace aev::events {
namespace {

/// The event as a plugin gets it.
std::string canonical_by_sdk(const Event& event) {
  std::vector<aev_attr> attributes;
  for (const Attribute& each : event.attributes()) {
    attributes.push_back({sdk::str(each.name), sdk::str(each.value)});
  }
  aev_event raw{};
  raw.time_unix_ns = event.time_unix_ns();
  raw.id = sdk::str(event.id());
  raw.event_type = sdk::str(event.event_type());
  raw.debate_id = sdk::str(event.debate_id());
  raw.source = sdk::str(event.source());
  raw.content_type = sdk::str(event.content_type());
  raw.data = {event.data().data(), event.data().size()};
  raw.attributes = attributes.data();
  raw.attribute_count = static_cast<std::uint32_t>(attributes.size());
  std::string out;
  sdk::append_canonical_json(out, sdk::Event(&raw));
  return out;
}

std::string canonical(const Event& event) {
  std::string out;
  append_canonical_json(out, event);
  return out;
}

TEST_CASE("canonical JSON is the same in the host and in the SDK") {
  const Attribute attributes[] = {{"round", "3"}, {"a\"b", "{\"x\":[1]}"}};
  EventFields fields;
  fields.id = "e\"1\n";
  fields.event_type = "vote";
  fields.time_unix_ns = 1'700'000'000'123'456'000;
  fields.attributes = attributes;
  for (const std::string_view data : {"{\"a\": 1.50}", "", "text \xc3\xa9", "\xff\x01", "[]"}) {
    for (const std::string_view type :
         {"application/json", "application/problem+JSON; x=y", "text/plain", ""}) {
      for (const std::string_view debate : {"", "d\\1"}) {
        fields.data = data;
        fields.content_type = type;
        fields.debate_id = fields.source = debate;
        const EventRef event = Event::create(fields);
        CHECK(canonical(*event) == canonical_by_sdk(*event));
      }
    }
  }
}

TEST_CASE("canonical JSON keeps JSON data byte for byte and leaves out what is empty") {
  EventFields fields;
  fields.id = "e1";
  fields.event_type = "vote";
  fields.data = "{\"a\": 1.50}";
  fields.time_unix_ns = 1'700'000'000'000'000'000;
  CHECK(canonical(*Event::create(fields)) ==
        R"({"id":"e1","event_type":"vote","timestamp":"2023-11-14T22:13:20Z","data":{"a": 1.50}})");
  fields.content_type = "application/octet-stream";
  fields.data = "\xff\x01";
  CHECK(canonical(*Event::create(fields)) ==
        R"({"id":"e1","event_type":"vote","timestamp":"2023-11-14T22:13:20Z","data_base64":"/wE=",)"
        R"("content_type":"application/octet-stream"})");
}

TEST_CASE("an event owns copies of everything") {
  EventRef kept;
  {
    std::string id = "some id that is long enough to be on the heap";
    std::string value = "\"value\"";
    const Attribute attributes[] = {{"name", value}};
    EventFields fields;
    fields.id = id;
    fields.attributes = attributes;
    const EventRef made = Event::create(fields);
    kept = made;
    id.assign(id.size(), '?');
    value.assign(value.size(), '?');
  }
  CHECK(kept->id() == "some id that is long enough to be on the heap");
  CHECK(kept->attribute("name") == "\"value\"");
  CHECK(kept->attribute("other").empty());
  CHECK(kept->memory_bytes() > kept->id().size());
}

TEST_CASE("target sets are sorted, unique and survive encoding") {
  const Targets set = TargetSet::create({70'000, 3, 3, 1, 300});
  CHECK(set->ids() == std::vector<SubscriberId>{1, 3, 300, 70'000});
  CHECK(set->contains(300));
  CHECK_FALSE(set->contains(2));
  const auto decoded = TargetSet::decode(set->encoded());
  REQUIRE(decoded);
  CHECK((*decoded)->ids() == set->ids());
  CHECK((*TargetSet::decode(""))->ids().empty());
  CHECK_FALSE(TargetSet::decode("\x80"));                      // cut short
  CHECK_FALSE(TargetSet::decode(std::string("\x01\x00", 2)));  // the same twice
  CHECK_FALSE(TargetSet::decode("\xff\xff\xff\xff\xff\x01"));  // too large
}

}  // namespace
}  // namespace aev::events
