#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <cstring>

#include "ingest/event_decoder.h"
#include "measure.h"

namespace aev::bench {
namespace {

constexpr double kMark = 500'000;

/// 1,000 rules over event_type and two fields of data.
std::vector<std::string> rules() {
  std::vector<std::string> out;
  for (int i = 0; i < 1000; ++i) {
    const std::string type = "type_" + std::to_string(i % 40);
    const std::string agent = "agent_" + std::to_string(i % 97);
    const std::string low = std::to_string((i % 10) / 10.0);
    out.push_back(R"({"event_type":[")" + type + R"("],"data":{"agent":[")" + agent +
                  (i % 2 == 0 ? R"("],"confidence":[{"numeric":[">=",)" + low + "]}]}}"
                              : R"("],"vote":{"choice":["adopt",{"prefix":"amend"}]}}})"));
  }
  return out;
}

std::string data_of(int i, std::size_t filling) {
  return R"({"round":)" + std::to_string(i % 7) + R"(,"agent":"agent_)" + std::to_string(i % 97) +
         R"(","role":"critic","content":")" + std::string(filling, 'x') +
         R"(","citations":["a","b",{"url":"https:\/\/example.com\/)" + std::to_string(i) +
         R"("}],"confidence":)" + std::to_string((i * 7 % 100) / 100.0) + R"(,"vote":{"choice":")" +
         (i % 3 == 0 ? "adopt" : "reject") +
         R"(","weight":1.5},"tags":["x","y","z"],"final":false})";
}

/// Runs `work` on all events again and again; events per CPU second, the best of several runs.
template <typename Work>
double rate(std::size_t events, int rounds, const Work& work) {
  double best = 0;
  for (int run = 0; run < 5; ++run) {
    const double begin = cpu_seconds();
    for (int round = 0; round < rounds; ++round) {
      for (std::size_t i = 0; i < events; ++i) {
        work(i);
      }
    }
    best = std::max(best, static_cast<double>(events) * rounds / (cpu_seconds() - begin));
  }
  return best;
}

}  // namespace

void measure_throughput(bool quick) {
  const auto router = compile(rules());
  for (const std::size_t filling : {40, 250, 700}) {
    std::vector<events::EventRef> events;
    std::vector<std::string> texts;
    std::vector<std::string> data;
    std::size_t bytes = 0;
    for (int i = 0; i < 1000; ++i) {
      const std::string type = "type_" + std::to_string(i * 13 % 50);  // one in five is unknown
      data.push_back(data_of(i, filling));
      events.push_back(event_of(type, data.back()));
      texts.push_back(R"({"event_type":")" + type + R"(","debate_id":"debate-42","data":)" +
                      data.back() + "}");
      bytes += texts.back().size();
      texts.back().append(ingest::kJsonPadding, ' ');
    }
    const int rounds = quick ? 1 : 200;
    std::size_t reached = 0;
    const double routed = rate(events.size(), rounds, [&](std::size_t i) {
      reached += router->route(*events[i]).targets->ids().size();
    });
    std::size_t copied = 0;
    std::vector<char> buffer(4096);
    const double bare = rate(events.size(), rounds, [&](std::size_t i) {
      std::memcpy(buffer.data(), data[i].data(), data[i].size());
      copied += static_cast<unsigned char>(buffer[i % 100]);
    });
    ingest::EventDecoder decoder;
    const double whole = rate(texts.size(), rounds, [&](std::size_t i) {
      const std::string_view text(texts[i].data(), texts[i].size() - ingest::kJsonPadding);
      if (decoder.open(text, ingest::Shape::kNative, 1 << 20)) {
        std::abort();
      }
      const auto item = decoder.next(1);
      const auto& event = std::get<events::EventRef>(*item);
      reached += router->route(*event).targets->ids().size();
    });
    const double decoded = rate(texts.size(), rounds, [&](std::size_t i) {
      const std::string_view text(texts[i].data(), texts[i].size() - ingest::kJsonPadding);
      static_cast<void>(decoder.open(text, ingest::Shape::kNative, 1 << 20));
      reached += std::holds_alternative<events::EventRef>(*decoder.next(1)) ? 1 : 0;
    });
    std::printf(
        "1,000 rules, events of %zu bytes: %.0f events/s routed; %.0f decoded and routed, from the "
        "JSON of the whole event to targets; references: %.0f decoded only, %.0f copies of the "
        "data\n",
        bytes / texts.size(), routed, whole, decoded, bare);
    if (reached == 0 || copied == 0) {
      std::abort();
    }
    verdict("at least 500,000 events/s per core routed at 1,000 rules", routed >= kMark);
    verdict("at least 500,000 events/s per core decoded and routed", whole >= kMark);
  }
}

}  // namespace aev::bench
