#include "event_mix.h"

#include <ctime>
#include <fstream>
#include <map>
#include <stdexcept>
#include <string_view>

#include <simdjson.h>

namespace aev::bench {
namespace {

constexpr std::size_t kDebatesAtOnce = 48;
constexpr std::int64_t kNsPerEvent = 100'000'000;

struct Recorded {
  std::string event_type;
  std::string source;
  std::string data;
  std::vector<std::pair<std::string, std::string>> attributes;
};

/// The recorded events of each debate, in their order.
std::vector<std::vector<Recorded>> read_debates(const std::string& file) {
  std::ifstream in(file);
  std::map<std::string, std::vector<Recorded>> debates;
  simdjson::dom::parser parser;
  for (std::string line; std::getline(in, line);) {
    const simdjson::dom::object object = parser.parse(line);
    Recorded event;
    std::string debate;
    for (const auto member : object) {
      const std::string text = simdjson::minify(member.value);
      if (member.key == "event_type") {
        event.event_type = std::string_view(member.value);
      } else if (member.key == "source") {
        event.source = std::string_view(member.value);
      } else if (member.key == "debate_id") {
        debate = std::string_view(member.value);
      } else if (member.key == "data") {
        event.data = text;
      } else if (member.key != "id" && member.key != "timestamp") {
        event.attributes.emplace_back(member.key, text);
      }
    }
    debates[debate].push_back(std::move(event));
  }
  std::vector<std::vector<Recorded>> out;
  for (auto& [id, events] : debates) {
    out.push_back(std::move(events));
  }
  if (out.empty()) {
    throw std::runtime_error(file + ": no events");
  }
  return out;
}

aev_str str(const std::string& text) {
  return {text.data(), text.size()};
}

}  // namespace

EventMix make_events(const std::string& recorded_file, std::size_t count) {
  static const std::string kJson = "application/json";
  const auto debates = read_debates(recorded_file);
  EventMix mix;
  mix.events.reserve(count);
  const auto keep = [&mix](std::string text) -> const std::string& {
    return mix.texts.emplace_back(std::move(text));
  };
  // The recorded texts once; events of the mix share them.
  std::vector<std::vector<aev_event>> shapes;
  for (const auto& events : debates) {
    auto& shape = shapes.emplace_back();
    for (const Recorded& recorded : events) {
      auto& attributes = mix.attributes.emplace_back();
      for (const auto& [name, value] : recorded.attributes) {
        attributes.push_back({str(keep(name)), str(keep(value))});
      }
      aev_event event{};
      event.event_type = str(keep(recorded.event_type));
      event.source = str(keep(recorded.source));
      event.content_type = str(kJson);
      const std::string& data = keep(recorded.data);
      event.data = aev_bytes{data.data(), data.size()};
      event.attributes = attributes.data();
      event.attribute_count = static_cast<std::uint32_t>(attributes.size());
      event.attempt = 1;
      shape.push_back(event);
    }
  }

  struct Running {
    const std::vector<aev_event>* shape = nullptr;
    std::size_t next = 0;
    aev_str id{};
  };

  std::vector<Running> running(kDebatesAtOnce);
  std::size_t begun = 0;
  std::int64_t time_ns = static_cast<std::int64_t>(std::time(nullptr)) * 1'000'000'000 -
                         static_cast<std::int64_t>(count) * kNsPerEvent;
  for (std::size_t i = 0; i < count; ++i, time_ns += kNsPerEvent) {
    Running& debate = running[i % kDebatesAtOnce];
    if (debate.shape == nullptr || debate.next == debate.shape->size()) {
      debate = {&shapes[begun % shapes.size()], begun * 7 % 40,
                str(keep("dbt-2026-bench-" + std::to_string(begun)))};
      debate.next = begun < kDebatesAtOnce ? debate.next % debate.shape->size() : 0;
      ++begun;
    }
    aev_event event = (*debate.shape)[debate.next++];
    event.seq = i + 1;
    event.time_unix_ns = event.received_unix_ns = time_ns;
    event.id = str(keep("evt_" + std::to_string(i)));
    event.debate_id = debate.id;
    mix.events.push_back(event);
  }
  return mix;
}

}  // namespace aev::bench
