#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <functional>

#include "measure.h"

namespace aev::bench {
namespace {

constexpr double kMark = 1.5;

/// A kind of rule of which any number may be had; none of them matches the event.
struct Shape {
  const char* name;
  std::function<std::string(int)> rule;
};

std::string s(int number) {
  return std::to_string(number);
}

/// About the field `f` of votes.
std::string on_f(const std::string& list) {
  return R"({"event_type":["vote"],"data":{"f":[)" + list + "]}}";
}

const std::vector<Shape>& shapes() {
  static const std::vector<Shape> all{
      {"event_type alone", [](int i) { return R"({"event_type":["type_)" + s(i) + "\"]}"; }},
      {"type and exact", [](int i) { return on_f("\"value_" + s(i) + "\""); }},
      {"type and exact number", [](int i) { return on_f(s(1000 + i)); }},
      {"exact on two fields, none rare",
       [](int i) {
         return R"({"event_type":["vote"],"data":{"x":[)" + s(i / 100) + R"(],"y":[)" +
                s(i / 100 == 5 ? 100 + i % 100 : i % 100) + "]}}";
       }},
      {"exact on three fields, none rare",
       [](int i) {
         return R"({"data":{"x":[)" + s(i / 500) + R"(],"y":[)" + s(i / 25 % 20) +
                R"(],"n":{"z":[)" + s(50 + i % 25) + "]}}}";
       }},
      {"types and exact",
       [](int i) {
         return R"({"event_type":["vote","ballot",{"prefix":"poll"}],"data":{"f":["value_)" + s(i) +
                R"(","other_)" + s(i) + "\"]}}";
       }},
      {"prefix", [](int i) { return on_f(R"({"prefix":"pre_)" + s(i) + "\"}"); }},
      {"suffix", [](int i) { return on_f(R"({"suffix":")" + s(i) + "_post\"}"); }},
      {"prefix ignoring case",
       [](int i) { return on_f(R"({"prefix":{"equals-ignore-case":"Pre_)" + s(i) + "\"}}"); }},
      {"equals-ignore-case",
       [](int i) { return on_f(R"({"equals-ignore-case":"Value_)" + s(i) + "\"}"); }},
      {"wildcard in the middle",
       [](int i) { return on_f(R"({"wildcard":"*word_)" + s(i) + "*\"}"); }},
      {"wildcard with common ends",
       [](int i) { return on_f(R"({"wildcard":"the*)" + s(10000 + i) + "*end\"}"); }},
      {"numeric ranges",
       [](int i) {
         return on_f(R"({"numeric":[">=",)" + s(1000 + i) + ",\"<\"," + s(1001 + i) + "]}");
       }},
      {"numeric limits",
       [](int i) {
         return R"({"event_type":["vote"],"data":{"x":[{"numeric":[">",)" + s(1000 + i) + "]}]}}";
       }},
      {"numeric limits that hold, another type",
       [](int i) {
         return R"({"event_type":["type_)" + s(i) + R"("],"data":{"x":[{"numeric":["<",)" +
                s(1000 + i) + "]}]}}";
       }},
      {"cidr",
       [](int i) {
         return R"({"event_type":["vote"],"data":{"ip":[{"cidr":"10.)" + s(i / 250) + "." +
                s(i % 250) + R"(.0/24"}]}})";
       }},
      {"exists", [](int i) { return R"({"data":{"field_)" + s(i) + R"(":[{"exists":true}]}})"; }},
      {"does not exist",
       [](int i) {
         return R"({"event_type":["vote"],"data":{"f":[{"exists":false}],"g":["v)" + s(i) + "\"]}}";
       }},
      {"anything-but with a common value",
       [](int i) {
         return on_f(R"({"anything-but":["the long and winding road","value_)" + s(i) + "\"]}");
       }},
      {"anything-but prefix",
       [](int i) { return on_f(R"({"anything-but":{"prefix":["the","value_)" + s(i) + "\"]}}"); }},
      {"anything-but wildcard",
       [](int i) {
         return on_f(R"({"anything-but":{"wildcard":["the*road","*value_)" + s(i) + "*\"]}}");
       }},
      {"anything-but that holds, and one that does not",
       [](int i) {
         return R"({"event_type":["vote"],"data":{"a":[{"exists":false}],"f":[{"anything-but":"value_)" +
                s(i) + R"("}],"x":[{"anything-but":5}]}})";
       }},
      {"limits that hold, and a value that does not",
       [](int i) {
         return R"({"data":{"f":[{"suffix":"way"}],"x":[{"numeric":["<",)" + s(1000 + i) + "]}]}}";
       }},
      {"$or of two fields",
       [](int i) {
         return R"({"event_type":["vote"],"$or":[{"data":{"f":["value_)" + s(i) +
                R"("]}},{"source":["source_)" + s(i) + "\"]}]}";
       }},
      {"fields of one array element",
       [](int i) {
         return R"({"event_type":["vote"],"data":{"votes":{"agent":["agent_)" + s(i) +
                R"("],"choice":["adopt"]}}})";
       }},
      {"each rule its own two fields",
       [](int i) {
         return R"({"event_type":["vote"],"data":{"x_)" + s(i) + R"(":[1],"y_)" + s(i) +
                R"(":[2]}})";
       }},
  };
  return all;
}

std::string event_data() {
  return R"({"f":"the long and winding road","x":5,"y":7,"n":{"z":9},"ip":"192.168.7.9","round":3,)"
         R"("votes":[{"agent":"claude","choice":"adopt"},{"agent":"gpt","choice":"reject"}],)"
         R"("content":")" +
         std::string(300, 'x') + R"(","tags":["a","b"],"confidence":0.75})";
}

double seconds_for(const routing::Router& router, const events::Event& event, int rounds) {
  const double begin = cpu_seconds();
  for (int i = 0; i < rounds; ++i) {
    if (router.route(event).targets->ids().size() != 1) {
      std::abort();  // something matches that should not
    }
  }
  return cpu_seconds() - begin;
}

}  // namespace

void measure_growth(bool quick) {
  const events::EventRef event = event_of("vote", event_data());
  double worst = 0;
  for (const Shape& shape : shapes()) {
    const auto with = [&shape](int count) {
      std::vector<std::string> patterns{R"({"event_type":["vote"],"data":{"round":[3]}})"};
      for (int i = 0; i < count; ++i) {
        patterns.push_back(shape.rule(i));
      }
      return compile(patterns);
    };
    const auto few = with(10);
    const double begin = cpu_seconds();
    const auto many = with(10'000);
    const double compiling = cpu_seconds() - begin;
    const int rounds = quick ? 10 : 20'000;
    double seconds_few = 1e9;
    double seconds_many = 1e9;
    for (int run = 0; run < 5; ++run) {
      seconds_few = std::min(seconds_few, seconds_for(*few, *event, rounds));
      seconds_many = std::min(seconds_many, seconds_for(*many, *event, rounds));
    }
    const double ratio = seconds_many / seconds_few;
    worst = std::max(worst, ratio);
    std::printf("%-40s 10 rules %.2f us, 10,000 rules %.2f us, ratio %.2f (compiled in %.0f ms)\n",
                shape.name, seconds_few / rounds * 1e6, seconds_many / rounds * 1e6, ratio,
                compiling * 1e3);
  }
  std::printf("worst ratio %.2f\n", worst);
  verdict("10,000 rules cost at most 1.5 times what 10 cost", worst <= kMark);
}

}  // namespace aev::bench
