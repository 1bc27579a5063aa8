#include <string>
#include <vector>

#include <catch2/catch.hpp>

#include "routing/router.h"

using aev::routing::PatternError;
using aev::routing::Router;

namespace {

struct Case {
  const char* pattern;
  const char* pointer;
  const char* message;  // a part of it
};

}  // namespace

TEST_CASE("a wrong pattern is refused with the place and the reason", "[routing]") {
  const std::vector<Case> cases{
      {"{", "", "is not JSON"},
      {"[]", "", "must be an object"},
      {"{}", "", "an empty pattern"},
      {R"({"a":[]})", "/a", "an empty list"},
      {R"({"a":{}})", "/a", "an empty pattern"},
      {R"({"a":"x"})", "/a", R"(write ["x"])"},
      {R"({"a":[["x"]]})", "/a/0", "a list inside"},
      {R"({"a":[{}]})", "/a/0", "exactly one operator"},
      {R"({"a":[{"prefix":"x","suffix":"y"}]})", "/a/0", "exactly one operator"},
      {R"({"a":["x",{"prefx":"y"}]})", "/a/1/prefx", "not supported by this version"},
      {R"({"a":[{"prefx":"y"}]})", "/a/0/prefx", "did you mean `prefix`?"},
      {R"({"a":[{"prefix":5}]})", "/a/0/prefix", "needs a string"},
      {R"({"a":[{"anything-but":{"prefix":""}}]})", "/a/0/anything-but/prefix", "empty"},
      {R"({"a":[{"anything-but":{"suffix":["b",""]}}]})", "/a/0/anything-but/suffix/1", "empty"},
      {R"({"a":[{"numeric":[">",9007199254740993]}]})", "/a/0/numeric/1", "at most 15 digits"},
      {R"({"a":["x"],"a":["y"]})", "/a", "asked for twice"},
      {R"({"a":["x"],"$or":[{"a":["y"]},{"b":[1]}]})", "/$or/0/a", "one list"},
      {R"({"$or":[{"prefix":["x"]},{"b":[1]}]})", "/$or/0/prefix", "cannot name a field"},
      {R"({"a":["x"]} 5)", "", "is not JSON"},
      {R"({"a":[01]})", "", "is not JSON"},
      {R"({"a":[{"suffix":{"prefix":"x"}}]})", "/a/0/suffix/prefix", "equals-ignore-case"},
      {R"({"a":[{"exists":"yes"}]})", "/a/0/exists", "true or false"},
      {R"({"a":[{"numeric":5}]})", "/a/0/numeric", "must be"},
      {R"({"a":[{"numeric":[">"]}]})", "/a/0/numeric", "must be"},
      {R"({"a":[{"numeric":[">","5"]}]})", "/a/0/numeric/1", "a number"},
      {R"({"a":[{"numeric":["~",5]}]})", "/a/0/numeric/0", "must be"},
      {R"({"a":[{"numeric":["<",5,">",0]}]})", "/a/0/numeric/0", "must be"},
      {R"({"a":[{"numeric":[">",5,"<",5]}]})", "/a/0/numeric", "no number"},
      {R"({"a":[{"anything-but":[]}]})", "/a/0/anything-but", "empty"},
      {R"({"a":[{"anything-but":["x",1]}]})", "/a/0/anything-but/1", "either strings or numbers"},
      {R"({"a":[{"anything-but":true}]})", "/a/0/anything-but", "needs a string"},
      {R"({"a":[{"anything-but":{"numeric":[">",1]}}]})", "/a/0/anything-but/numeric",
       "not supported"},
      {R"({"a":[{"wildcard":"a**"}]})", "/a/0/wildcard", "two `*`"},
      {R"({"a":[{"wildcard":"a\\n"}]})", "/a/0/wildcard", "escapes"},
      {R"({"a":[{"cidr":"10.0.0.0"}]})", "/a/0/cidr", "block of addresses"},
      {R"({"a":[{"cidr":"10.0.0.0/33"}]})", "/a/0/cidr", "block of addresses"},
      {R"({"$or":[{"a":["x"]}]})", "/$or", "at least two"},
      {R"({"$or":[{"a":["x"]},5]})", "/$or/1", "is a pattern"},
      {R"({"a/b~c":[]})", "/a~1b~0c", "an empty list"},
  };
  for (const Case& each : cases) {
    INFO(each.pattern);
    std::vector<PatternError> errors;
    CHECK(Router::compile({{"r", each.pattern, false, {1}}}, errors) == nullptr);
    REQUIRE(errors.size() == 1);
    CHECK(errors[0].route == "r");
    CHECK(errors[0].pointer == each.pointer);
    CHECK_THAT(errors[0].message, Catch::Contains(each.message));
  }
}

TEST_CASE("every error of every route is reported at once", "[routing]") {
  std::vector<PatternError> errors;
  CHECK(Router::compile({{"one", R"({"a":[],"b":[{"x":1},{"y":2}]})", false, {1}},
                         {"two", R"({"c":5})", false, {1}},
                         {"three", R"({"c":[5]})", true, {1}}},
                        errors) == nullptr);
  REQUIRE(errors.size() == 5);
  CHECK(errors[0].pointer == "/a");
  CHECK(errors[1].pointer == "/b/0/x");
  CHECK(errors[2].pointer == "/b/1/y");
  CHECK(errors[3].route == "two");
  CHECK(errors[4].route == "three");
}
