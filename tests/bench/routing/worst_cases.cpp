#include <algorithm>
#include <cstdio>

#include "measure.h"

namespace aev::bench {
namespace {

constexpr double kMarkMs = 10;
constexpr std::size_t kEventBytes = 1 << 20;  // the largest event that ingest takes by default

struct Case {
  const char* name;
  std::vector<std::string> patterns;
  std::string data;
};

std::string times(int count, const std::string& text) {
  std::string out;
  for (int i = 0; i < count; ++i) {
    out += text;
  }
  return out;
}

/// Elements of an array, as many as an event has room for.
std::string filled(const std::string& before,
                   const std::string& element,
                   const std::string& after) {
  std::string out = before;
  while (out.size() + element.size() + 1 + after.size() < kEventBytes) {
    out += element + ",";
  }
  out.back() = ' ';
  return out + after;
}

/// The same with a number in each element.
std::string numbered(const std::string& before,
                     const std::string& left,
                     const std::string& right,
                     const std::string& after) {
  std::string out = before;
  for (int i = 1; out.size() + left.size() + right.size() + 10 + after.size() < kEventBytes; ++i) {
    out += left + std::to_string(i) + right + ",";
  }
  out.back() = ' ';
  return out + after;
}

std::string on_v(const std::string& matcher) {
  return R"({"data":{"v":[)" + matcher + "]}}";
}

std::string text(char each) {
  return R"({"v":")" + std::string(kEventBytes - 20, each) + "\"}";
}

std::string branches(int count, const std::string& name) {
  std::string out;
  for (int i = 0; i < count; ++i) {
    out += (out.empty() ? "{\"" : ",{\"") + name + std::to_string(i) + "\":[1]}";
  }
  return "\"$or\":[" + out + "]";
}

std::vector<Case> cases() {
  std::vector<std::string> wildcards;
  std::vector<std::string> folded;
  for (int i = 0; i < 1000; ++i) {
    wildcards.push_back(on_v(R"({"wildcard":"*a*)" + std::to_string(i) + "*b*\"}"));
    folded.push_back(on_v(R"({"prefix":{"equals-ignore-case":"É)" + std::to_string(i) + "\"}}"));
  }
  std::vector<std::string> tags;
  for (int i = 0; i < 1000; ++i) {
    tags.push_back(on_v(std::to_string(100'000 + i)));
  }
  std::string accents;
  while (accents.size() + 20 < kEventBytes) {
    accents += "É";
  }
  std::string deep = "1";
  for (int i = 0; i < 60; ++i) {
    deep = R"([{"a":)" + deep + "}]";
  }
  std::string crossed;
  for (int i = 0; i < 8; ++i) {
    crossed += (i == 0 ? "\"" : ",\"") + std::string(1, static_cast<char>('p' + i)) +
               R"(":{"x":[1],"y":[2]})";
  }
  std::string crossed_event;
  for (int i = 0; i < 8; ++i) {
    crossed_event += (i == 0 ? "{\"" : ",\"") + std::string(1, static_cast<char>('p' + i)) +
                     "\":[" + times(4000, R"({"x":1},{"y":2},)") +
                     (i == 7 ? R"({"x":0})" : R"({"x":1,"y":2})") + "]";
  }
  std::string twice = "{\"v\":" + times(2000, R"([{"a":1},{"b":2},{"c":3},{"d":4}],"v":)") + "0}";
  return {
      {"wildcard *a*a*a*a*b on a's", {on_v(R"({"wildcard":"*a*a*a*a*b"})")}, text('a')},
      {"wildcard of 500 stars on a's",
       {on_v(R"({"wildcard":")" + times(500, "*a") + "*b\"}")},
       text('a')},
      {"wildcard with a long piece on a's",
       {on_v(R"({"wildcard":"*)" + std::string(5000, 'a') + "b" + std::string(5000, 'a') + "*\"}")},
       text('a')},
      {"wildcard with pieces of half the text",
       {on_v(R"({"wildcard":"*b)" + std::string(500'000, 'a') + "*\"}")},
       text('a')},
      {"1,000 wildcards on a's", wildcards, text('a')},
      {"anything-but 200 wildcards",
       {on_v(R"({"anything-but":{"wildcard":[)" + times(199, "\"*a*b*a\",") + "\"*c\"]}}")},
       text('a')},
      {"1,000 folded prefixes on accents", folded, R"({"v":")" + accents + "\"}"},
      {"equals-ignore-case on accents",
       {on_v(R"({"equals-ignore-case":")" + accents.substr(0, accents.size() / 2) + "\"}")},
       R"({"v":")" + accents + "\"}"},
      {"an array of numbers", {on_v("-1")}, filled(R"({"v":[)", "1", "]}")},
      {"an array of numbers, each another", {on_v("-1")}, numbered(R"({"v":[)", "", "", "]}")},
      {"1,000 rules, each for one of many numbers", tags, numbered(R"({"v":[)", "", "", "]}")},
      {"an array of objects, each another",
       {R"({"data":{"v":{"a":[{"numeric":[">",5]}],"b":[2]}}})"},
       numbered(R"({"v":[)", R"({"a":)", R"(},{"b":2,"c":3})", "]}")},
      {"an array of numbers, ranges",
       {on_v(R"({"numeric":[">",5,"<",6]})"), on_v(R"({"numeric":["<",0]})")},
       filled(R"({"v":[)", "1", "]}")},
      {"an array of objects, never both in one",
       {R"({"data":{"v":{"a":[1],"b":[2]}}})"},
       filled(R"({"v":[)", R"({"a":1},{"b":2})", "]}")},
      {"an array of objects, one field missing",
       {R"({"data":{"v":{"a":[1],"b":[2],"c":[{"exists":false}],"d":[4]}}})"},
       filled(R"({"v":[)", R"({"a":1,"b":2,"c":3},{"d":4})", "]}")},
      {"arrays of arrays of objects",
       {R"({"data":{"v":{"a":[1],"b":[2],"c":[3]}}})"},
       filled(R"({"v":[)", R"([[{"a":1,"b":2}],[{"b":2,"c":3}],[{"a":1,"c":3}]])", "]}")},
      {"eight arrays, the last one fails", {"{\"data\":{" + crossed + "}}"}, crossed_event + "}"},
      {"an array 60 levels deep",
       {"{\"data\":" + times(60, R"({"a":)") + "[1]" + times(60, "}") + "}"},
       "[" + times(2100, deep + ",") + deep + "]"},
      {"brackets, as deep as they go",
       {on_v("1")},
       "{\"v\":" + std::string(kEventBytes / 2 - 10, '[')},
      {"a name twice, a thousand times",
       {R"({"data":{"v":{"a":[1],"b":[2],"c":[3],"d":[4],"e":[5]}}})"},
       twice},
      {"a name twice, all fields there",
       {R"({"data":{"v":{"a":[1],"b":[2],"c":[3],"d":[4]}}})"},
       twice},
      {"$or of 30 by 30",
       {"{\"data\":{" + branches(30, "a") + ",\"n\":{" + branches(30, "b") + "}}}"},
       filled(R"({"n":{"x":0},"v":[)", R"({"a1":1,"b1":1})", "]}")},
      {"exists on an event full of names",
       {R"({"data":{"v":{"zz":[{"exists":true}]}}})"},
       filled(R"({"v":[)", R"({"z":1,"y":2,"zy":[1,{"x":2}]})", "]}")},
  };
}

}  // namespace

void measure_worst_cases(bool quick) {
  double worst = 0;
  for (const Case& each : cases()) {
    const double begin_compile = cpu_seconds();
    const auto router = compile(each.patterns);
    const double compiling = (cpu_seconds() - begin_compile) * 1e3;
    const events::EventRef event = event_of("vote", each.data);
    double best = 1e9;
    int matched = 0;
    for (int run = 0; run < (quick ? 2 : 7); ++run) {
      const double begin = cpu_seconds();
      matched += router->route(*event).unmatched ? 0 : 1;
      best = std::min(best, (cpu_seconds() - begin) * 1e3);
    }
    worst = std::max(worst, best);
    std::printf("%-42s %.2f ms (event of %zu bytes, %s; compiled in %.1f ms)\n", each.name, best,
                each.data.size(), matched > 0 ? "matches" : "no match", compiling);
  }
  verdict("no rule or event of the allowed size takes more than 10 ms", worst <= kMarkMs);
}

}  // namespace aev::bench
