#include "delivery/replay_filter.h"

#include <limits>

#include <Poco/JSON/Parser.h>

#include "core/json_writer.h"

namespace aev::delivery {
namespace {

constexpr auto kForever = std::numeric_limits<std::int64_t>::max();

}  // namespace

std::string encode_replay_filter(const ReplayRequest& request) {
  JsonWriter json;
  json.begin_object()
      .field("event_type", request.event_type)
      .field("debate_id", request.debate_id)
      .field("since", request.since_unix_ns.value_or(0))
      .field("until", request.until_unix_ns.value_or(kForever))
      .field("match", request.match_json)
      .field("limit", request.limit)
      .end_object();
  return json.take();
}

Result<ReplayFilter> decode_replay_filter(const std::string& json,
                                          const Dispatcher::PatternCheck& check) {
  try {
    const auto document = Poco::JSON::Parser().parse(json).extract<Poco::JSON::Object::Ptr>();
    const auto event_type = document->getValue<std::string>("event_type");
    const auto debate_id = document->getValue<std::string>("debate_id");
    const auto since = document->getValue<Poco::Int64>("since");
    const auto until = document->getValue<Poco::Int64>("until");
    const auto match = document->getValue<std::string>("match");
    std::function<bool(const events::Event&)> pattern;
    if (!match.empty()) {
      AEV_ASSIGN(pattern, check(match));
    }
    ReplayFilter filter;
    filter.limit = document->getValue<Poco::UInt64>("limit");
    filter.matches = [=](const events::Event& event) {
      return (event_type.empty() || event.event_type() == event_type) &&
             (debate_id.empty() || event.debate_id() == debate_id) &&
             event.received_unix_ns() >= since && event.received_unix_ns() < until &&
             (!pattern || pattern(event));
    };
    return filter;
  } catch (const std::exception& fault) {
    return Error{
        ErrorCode::kCorrupt, std::string("a stored replay cannot be read: ") + fault.what(), {}};
  }
}

}  // namespace aev::delivery
