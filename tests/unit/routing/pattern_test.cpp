#include <string>
#include <vector>

#include <catch2/catch.hpp>

#include "events/event.h"
#include "routing/router.h"

using aev::events::Attribute;
using aev::events::Event;
using aev::events::EventFields;
using aev::events::EventRef;
using aev::routing::PatternError;
using aev::routing::Router;

namespace {

bool event_matches(const std::string& pattern, const EventFields& fields) {
  std::vector<PatternError> errors;
  const auto router = Router::compile({{"only", pattern, false, {1}}}, errors);
  for (const PatternError& error : errors) {
    UNSCOPED_INFO(error.pointer << ": " << error.message);
  }
  REQUIRE(router != nullptr);
  const EventRef event = Event::create(fields);
  const bool matched = router->route(*event).targets->contains(1);
  CHECK(matched == !router->route(*event).unmatched);
  CHECK(matched == (router->matching_routes(*event).size() == 1));
  return matched;
}

EventFields with_data(std::string_view data) {
  EventFields fields;
  fields.id = "e1";
  fields.event_type = "consensus";
  fields.debate_id = "d1";
  fields.source = "ci";
  fields.data = data;
  fields.time_unix_ns = 1'700'000'000'000'000'000;
  return fields;
}

struct Case {
  const char* values;  // of the field data.v
  const char* data;
  bool matches;
};

}  // namespace

TEST_CASE("a pattern's values match what the language says they match", "[routing]") {
  const std::vector<Case> cases{
      // exact
      {R"(["a"])", R"({"v":"a"})", true},
      {R"(["a"])", R"({"v":"A"})", false},
      {R"(["a"])", R"({"v":"ab"})", false},
      {R"(["a","b"])", R"({"v":"b"})", true},
      {R"(["a"])", R"({"w":"a"})", false},
      {R"(["a"])", R"({})", false},
      {R"([""])", R"({"v":""})", true},
      {R"(["b\u00fcr\"o\n"])", R"({"v":"b\u00FCr\"o\u000a"})", true},
      {R"(["büro"])", R"({"v":"b\u00fcro"})", true},
      {R"(["😀"])", R"({"v":"\ud83d\ude00"})", true},
      {R"([300])", R"({"v":3.0e2})", true},
      {R"([3.0e2])", R"({"v":300})", true},
      {R"([300])", R"({"v":300.5})", false},
      {R"([300])", R"({"v":"300"})", false},
      {R"(["300"])", R"({"v":300})", false},
      {R"([9007199254740993])", R"({"v":9007199254740993})", true},
      {R"([9007199254740993])", R"({"v":9007199254740992})", false},
      {R"([18446744073709551615])", R"({"v":18446744073709551615})", true},
      {R"([-0.0])", R"({"v":0})", true},
      {R"([true])", R"({"v":true})", true},
      {R"([true])", R"({"v":false})", false},
      {R"([true])", R"({"v":"true"})", false},
      {R"([1])", R"({"v":true})", false},
      {R"([null])", R"({"v":null})", true},
      {R"([null])", R"({"v":"null"})", false},
      {R"([null])", R"({})", false},
      // arrays and objects in the event
      {R"(["a"])", R"({"v":["x","a"]})", true},
      {R"(["a"])", R"({"v":[["x"],["y",["a"]]]})", true},
      {R"(["a"])", R"({"v":[]})", false},
      {R"(["a"])", R"({"v":{"a":"a"}})", false},
      {R"(["a"])", R"({"v":[{"v":"a"}]})", false},
      // prefix, suffix
      {R"([{"prefix":"gauntlet_"}])", R"({"v":"gauntlet_x"})", true},
      {R"([{"prefix":"gauntlet_"}])", R"({"v":"gauntlet_"})", true},
      {R"([{"prefix":"gauntlet_"}])", R"({"v":"gauntlet"})", false},
      {R"([{"prefix":"1"}])", R"({"v":12})", false},
      {R"([{"prefix":"\u00e4"}])", R"({"v":"\u00e4b"})", true},
      {R"([{"prefix":{"equals-ignore-case":"ÄB"}}])", R"({"v":"äBc"})", true},
      {R"([{"prefix":{"equals-ignore-case":"ÄB"}}])", R"({"v":"abc"})", false},
      {R"([{"suffix":".png"}])", R"({"v":"a.png"})", true},
      {R"([{"suffix":".png"}])", R"({"v":"a.PNG"})", false},
      {R"([{"suffix":".png"}])", R"({"v":"png"})", false},
      {R"([{"suffix":{"equals-ignore-case":".PNG"}}])", R"({"v":"a.pnG"})", true},
      // equals-ignore-case
      {R"([{"equals-ignore-case":"Straße"}])", R"({"v":"sTRAßE"})", true},
      {R"([{"equals-ignore-case":"ПРИВЕТ"}])", R"({"v":"привет"})", true},
      {R"([{"equals-ignore-case":"abc"}])", R"({"v":"abcd"})", false},
      {R"([{"equals-ignore-case":"1"}])", R"({"v":1})", false},
      // wildcard
      {R"([{"wildcard":"a*z"}])", R"({"v":"az"})", true},
      {R"([{"wildcard":"a*z"}])", R"({"v":"abcz"})", true},
      {R"([{"wildcard":"a*z"}])", R"({"v":"abc"})", false},
      {R"([{"wildcard":"a*a"}])", R"({"v":"a"})", false},
      {R"([{"wildcard":"*b*d*"}])", R"({"v":"abcde"})", true},
      {R"([{"wildcard":"*d*b*"}])", R"({"v":"abcde"})", false},
      {R"([{"wildcard":"*ab*ab"}])", R"({"v":"abab"})", true},
      {R"([{"wildcard":"*ab*ab"}])", R"({"v":"ab"})", false},
      {R"([{"wildcard":"a\\*b"}])", R"({"v":"a*b"})", true},
      {R"([{"wildcard":"a\\*b"}])", R"({"v":"axb"})", false},
      {R"([{"wildcard":"a\\\\b"}])", R"({"v":"a\\b"})", true},
      {R"([{"wildcard":"*"}])", R"({"v":""})", true},
      // anything-but
      {R"([{"anything-but":"a"}])", R"({"v":"b"})", true},
      {R"([{"anything-but":"a"}])", R"({"v":"a"})", false},
      {R"([{"anything-but":"a"}])", R"({"v":5})", true},
      {R"([{"anything-but":"a"}])", R"({})", false},
      {R"([{"anything-but":"a"}])", R"({"v":["a","b"]})", true},
      {R"([{"anything-but":"a"}])", R"({"v":["a"]})", false},
      {R"([{"anything-but":["a","b"]}])", R"({"v":"c"})", true},
      {R"([{"anything-but":["a","b"]}])", R"({"v":"b"})", false},
      {R"([{"anything-but":300}])", R"({"v":3e2})", false},
      {R"([{"anything-but":[1,2]}])", R"({"v":3})", true},
      {R"([{"anything-but":{"prefix":"in"}}])", R"({"v":"init"})", false},
      {R"([{"anything-but":{"prefix":"in"}}])", R"({"v":"out"})", true},
      {R"([{"anything-but":{"prefix":["in","out"]}}])", R"({"v":"outer"})", false},
      {R"([{"anything-but":{"suffix":"t"}}])", R"({"v":"out"})", false},
      {R"([{"anything-but":{"suffix":"t"}}])", R"({"v":"in"})", true},
      {R"([{"anything-but":{"equals-ignore-case":["A","B"]}}])", R"({"v":"b"})", false},
      {R"([{"anything-but":{"equals-ignore-case":"A"}}])", R"({"v":"b"})", true},
      {R"([{"anything-but":{"wildcard":"a*c"}}])", R"({"v":"abc"})", false},
      // numeric
      {R"([{"numeric":["=",3.018e2]}])", R"({"v":301.8})", true},
      {R"([{"numeric":["=",5]}])", R"({"v":5.1})", false},
      {R"([{"numeric":[">",5]}])", R"({"v":5})", false},
      {R"([{"numeric":[">=",5]}])", R"({"v":5.0})", true},
      {R"([{"numeric":["<",-1]}])", R"({"v":-1.5})", true},
      {R"([{"numeric":["<=",-1]}])", R"({"v":0})", false},
      {R"([{"numeric":[">",0,"<=",5]}])", R"({"v":5})", true},
      {R"([{"numeric":[">",0,"<=",5]}])", R"({"v":0})", false},
      {R"([{"numeric":[">",0,"<=",5]}])", R"({"v":"3"})", false},
      {R"([{"numeric":[">",0,"<=",5]}])", R"({"v":true})", false},
      {R"([{"numeric":[">",0,"<",5]}])", R"({"v":[9,3]})", true},
      // exists
      {R"([{"exists":true}])", R"({"v":null})", true},
      {R"([{"exists":true}])", R"({"v":[]})", false},
      {R"([{"exists":true}])", R"({"v":{"w":1}})", false},
      {R"([{"exists":true}])", R"({})", false},
      {R"([{"exists":false}])", R"({})", true},
      {R"([{"exists":false}])", R"({"v":0})", false},
      {R"([{"exists":false},"a"])", R"({"v":"a"})", true},
      {R"([{"exists":false},"a"])", R"({"v":"b"})", false},
      // cidr
      {R"([{"cidr":"10.0.0.0/24"}])", R"({"v":"10.0.0.255"})", true},
      {R"([{"cidr":"10.0.0.0/24"}])", R"({"v":"10.0.1.0"})", false},
      {R"([{"cidr":"10.0.0.0/0"}])", R"({"v":"255.1.2.3"})", true},
      {R"([{"cidr":"10.1.2.3/32"}])", R"({"v":"10.1.2.4"})", false},
      {R"([{"cidr":"10.0.0.0/24"}])", R"({"v":"10.0.0"})", false},
      {R"([{"cidr":"10.0.0.0/24"}])", R"({"v":"::a00:1"})", false},
      {R"([{"cidr":"2001:db8::/33"}])", R"({"v":"2001:db8:7fff::1"})", true},
      {R"([{"cidr":"2001:db8::/33"}])", R"({"v":"2001:db8:8000::1"})", false},
      // nested
      {R"({"w":["a"]})", R"({"v":{"w":"a"}})", true},
      {R"({"w":["a"]})", R"({"v":{"w":"b"}})", false},
      {R"({"w":["a"]})", R"({"v":"a"})", false},
      {R"({"w":[{"exists":false}]})", R"({"v":{"x":1}})", true},
      {R"({"w":[{"exists":false}]})", R"({})", true},
      {R"({"w":[{"exists":false}]})", R"({"v":{"w":1}})", false},
      {R"({"w":["a"],"x":[1]})", R"({"v":[{"w":"a","x":2},{"w":"b","x":1}]})", false},
      {R"({"w":["a"],"x":[1]})", R"({"v":[{"w":"b"},{"w":"a","x":1}]})", true},
      {R"({"$or":[{"w":["a"]},{"x":[1]}]})", R"({"v":{"x":1}})", true},
      {R"({"$or":[{"w":["a"]},{"x":[1]}]})", R"({"v":{"x":2}})", false},
  };
  for (const Case& each : cases) {
    const std::string pattern = std::string(R"({"data":{"v":)") + each.values + "}}";
    INFO(pattern << " on " << each.data);
    CHECK(event_matches(pattern, with_data(each.data)) == each.matches);
  }
}

TEST_CASE("patterns see an event's own fields and its attributes", "[routing]") {
  const std::vector<Attribute> attributes{
      {"round", "3"}, {"agent", "\"claude\""}, {"note", R"("a\tb")"}, {"meta", R"({"k":["v"]})"}};
  EventFields fields = with_data(R"({"confidence":0.9})");
  fields.attributes = attributes;
  CHECK(event_matches(R"({"id":["e1"]})", fields));
  CHECK(event_matches(R"({"debate_id":["d1"],"source":[{"prefix":"c"}]})", fields));
  CHECK(event_matches(R"({"timestamp":[{"prefix":"2023-11-14T22:13:20"}]})", fields));
  CHECK(event_matches(R"({"round":[{"numeric":[">=",3]}]})", fields));
  CHECK(event_matches(R"({"agent":["claude"]})", fields));
  CHECK(event_matches(R"({"note":["a\tb"]})", fields));
  CHECK(event_matches(R"({"meta":{"k":["v"]},"data":{"confidence":[0.9]}})", fields));
  CHECK_FALSE(event_matches(R"({"round":["3"]})", fields));
  CHECK_FALSE(event_matches(R"({"content_type":[{"exists":true}]})", fields));
  fields.debate_id = {};
  CHECK(event_matches(R"({"debate_id":[{"exists":false}]})", fields));
  CHECK_FALSE(event_matches(R"({"debate_id":[{"anything-but":"d2"}]})", fields));
}

TEST_CASE("$or holds when one branch does, beside the other fields", "[routing]") {
  const std::string pattern =
      R"({"event_type":["consensus"],"$or":[{"source":["x"]},{"data":{"c":[{"numeric":[">",1]}]}}]})";
  CHECK(event_matches(pattern, with_data(R"({"c":2})")));
  CHECK_FALSE(event_matches(pattern, with_data(R"({"c":1})")));
  EventFields other = with_data(R"({"c":2})");
  other.event_type = "vote";
  CHECK_FALSE(event_matches(pattern, other));
  other.source = "x";
  CHECK_FALSE(event_matches(pattern, other));
}

TEST_CASE("elements that repeat in a long array are still one choice each", "[routing]") {
  const std::string pattern = R"({"data":{"v":{"a":[1],"b":[{"prefix":"x"}]}}})";
  std::string many;
  for (int i = 0; i < 40; ++i) {
    many += R"({"a":1},{"b":"x}"},{"b":"x}y"},[{"a":1}],)";
  }
  CHECK_FALSE(event_matches(pattern, with_data(R"({"v":[)" + many + R"({"a":2,"b":"x"}]})")));
  CHECK(event_matches(pattern, with_data(R"({"v":[)" + many + R"({"a":1,"b":"x"}]})")));
  CHECK(event_matches(pattern, with_data(R"({"v":[)" + many + R"([{"a":1},{"b":"xz","a":1}]]})")));
  // The same element in another array is something new.
  CHECK(event_matches(R"({"data":{"v":{"a":[1]},"w":{"a":[1]}}})",
                      with_data(R"({"v":[)" + many + R"(0],"w":[)" + many + "0]}")));
}

TEST_CASE("data that is not JSON has no fields", "[routing]") {
  EventFields broken = with_data(R"({"v":)");
  CHECK_FALSE(event_matches(R"({"data":{"v":[{"exists":true}]}})", broken));
  CHECK(event_matches(R"({"data":{"v":[{"exists":false}]}})", broken));
  for (const char* unfinished : {R"({"v":[[[[)", R"({"v":[1,2)", R"({"v":{"w":)", R"({"v":1}})"}) {
    INFO(unfinished);
    CHECK_FALSE(event_matches(R"({"data":{"v":[{"exists":true}]}})", with_data(unfinished)));
  }
  EventFields plain = with_data("hello");
  plain.content_type = "text/plain";
  CHECK(event_matches(R"({"data":["hello"],"content_type":["text/plain"]})", plain));
  CHECK_FALSE(event_matches(R"({"data":{"v":[{"exists":true}]}})", plain));
  EventFields binary = with_data("\xff\xfe");
  binary.content_type = "application/octet-stream";
  CHECK(event_matches(R"({"data":[{"exists":false}],"data_base64":["//4="]})", binary));
  CHECK(event_matches(R"({"data":[{"exists":false}]})", with_data("")));
  CHECK(event_matches(R"({"data":[5]})", with_data("5")));
}
