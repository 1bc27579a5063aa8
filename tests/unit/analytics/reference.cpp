#include "reference.h"

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <set>

#include <Poco/JSON/Array.h>
#include <Poco/JSON/Parser.h>

namespace aev::analytics {
namespace {

using Poco::Dynamic::Var;

constexpr std::int64_t kNs = 1'000'000'000;
constexpr std::int64_t kDayNs = 86'400 * kNs;

std::string number(double value) {
  char text[40];
  std::snprintf(text, sizeof text, "%.9g", value);
  return text;
}

std::string time_text(std::int64_t ns) {
  std::string text;
  sdk::append_rfc3339(text, ns);
  return text;
}

std::string shown(const Var& value) {
  if (value.isEmpty()) {
    return "-";
  }
  if (value.isBoolean()) {
    return value.convert<bool>() ? "true" : "false";
  }
  return value.isNumeric() && !value.isInteger() ? number(value.convert<double>())
                                                 : value.toString();
}

std::string line_of(const Poco::JSON::Object& object) {
  std::string line;
  // Unlike the iterator, getNames() keeps the order.
  for (const std::string& name : object.getNames()) {
    const Var value = object.get(name);
    if (value.type() != typeid(Poco::JSON::Object::Ptr)) {
      line += (line.empty() ? "" : "|") + shown(value);
    }
  }
  return line + "\n";
}

Poco::JSON::Object::Ptr parsed(const std::string& json) {
  // Keeps the order of members.
  Poco::JSON::Parser parser(new Poco::JSON::ParseHandler(true));
  return parser.parse(json).extract<Poco::JSON::Object::Ptr>();
}

/// The first of the spellings that is there and not null.
Var member(const Poco::JSON::Object::Ptr& data, std::initializer_list<const char*> spellings) {
  for (const char* name : spellings) {
    if (data && data->has(name) && !data->get(name).isEmpty()) {
      return data->get(name);
    }
  }
  return {};
}

std::string text_of(const Var& value) {
  return !value.isEmpty() && value.isString() ? value.extract<std::string>() : std::string();
}

bool is_number(const Var& value) {
  return !value.isEmpty() && value.isNumeric() && !value.isBoolean();
}

bool is_bool(const Var& value) {
  return !value.isEmpty() && value.isBoolean();
}

/// "-" if it is no whole number that can count something.
std::string count_of(const Var& value) {
  const double number = is_number(value) ? value.convert<double>() : -1;
  return number >= 0 && number == std::floor(number)
             ? std::to_string(static_cast<std::int64_t>(number))
             : "-";
}

std::string real_of(const Var& value) {
  const double it = is_number(value) ? value.convert<double>() : -1;
  return it >= 0 ? number(it) : "-";
}

std::string bool_of(const Var& value) {
  return is_bool(value) ? (value.convert<bool>() ? "true" : "false") : "-";
}

void keep(std::map<std::string, std::string>& stated,
          const char* column,
          const std::string& value) {
  if (!value.empty() && value != "-") {
    stated[column] = value;
  }
}

std::int64_t floor_to(std::int64_t ns, std::int64_t width) {
  std::int64_t whole = ns / width * width;
  return whole > ns ? whole - width : whole;
}

std::int64_t width_ns(const std::string& granularity) {
  return granularity == "minute" ? 60 * kNs : granularity == "hour" ? 3600 * kNs : kDayNs;
}

std::string percentile(std::vector<double> values, double p) {
  if (values.empty()) {
    return "-";
  }
  std::sort(values.begin(), values.end());
  std::size_t rank = 1;
  while (static_cast<double>(rank) < p / 100 * static_cast<double>(values.size())) {
    ++rank;
  }
  return number(values[rank - 1]);
}

std::string mean(const std::vector<double>& values) {
  double sum = 0;
  for (const double value : values) {
    sum += value;
  }
  return values.empty() ? "-" : number(sum / static_cast<double>(values.size()));
}

}  // namespace

std::string lines_of(const std::string& json, const std::string& list) {
  std::string lines;
  const auto rows = parsed(json)->getArray(list);
  for (const Var& row : *rows) {
    lines += line_of(*row.extract<Poco::JSON::Object::Ptr>());
  }
  return lines;
}

std::string stats_lines_of(const std::string& json) {
  auto object = parsed(json);
  const auto protocols = object->getObject("by_protocol");
  const auto domains = object->getObject("by_domain");
  object->remove("period_start");
  object->remove("period_end");
  std::string lines = line_of(*object);
  for (const auto& groups : {protocols, domains}) {
    for (const auto& [key, stats] : *groups) {
      lines += key + ": " + line_of(*stats.extract<Poco::JSON::Object::Ptr>());
    }
  }
  return lines;
}

Reference::Reference(const std::vector<sdk::FakeEvent>& events, std::int64_t now_ns)
    : now_ns_(now_ns) {
  std::map<std::uint64_t, sdk::FakeEvent> once;
  for (const sdk::FakeEvent& event : events) {
    once[event.seq] = event;
  }
  for (const auto& [seq, event] : once) {
    events_.push_back(read(event));
  }
}

std::string Reference::what_it_did(const std::string& type) {
  return type == "agent_message"                    ? "messages"
         : type == "critique"                       ? "critiques"
         : type == "vote"                           ? "votes_cast"
         : type == "agent_error" || type == "error" ? "errors"
                                                    : "";
}

Reference::Read Reference::read(const sdk::FakeEvent& event) const {
  static const std::set<std::string> kRead{
      "debate_start", "debate_end", "round_start", "agent_message", "critique",
      "vote",         "consensus",  "synthesis",   "agent_error",   "error"};
  Read out;
  out.type = event.event_type;
  out.time_ns = event.time_unix_ns;
  out.debate_id = event.debate_id;
  if (!kRead.contains(event.event_type)) {
    return out;
  }
  for (const auto& [name, json] : event.attributes) {
    const Var value =
        Poco::JSON::Parser().parse("[" + json + "]").extract<Poco::JSON::Array::Ptr>()->get(0);
    if (name == "agent") {
      out.agent = text_of(value);
    } else if (name == "round" && is_number(value)) {
      out.round = std::max<std::int64_t>(0, value.convert<std::int64_t>());
    }
  }
  try {
    if (event.content_type == "application/json") {
      out.data = Poco::JSON::Parser().parse(event.data).extract<Poco::JSON::Object::Ptr>();
    }
  } catch (const Poco::Exception&) {
    out.data = nullptr;
  }
  if (out.debate_id.empty()) {
    out.debate_id = text_of(member(out.data, {"debate_id"}));
  }
  std::string agent;
  if (event.event_type == "critique") {
    agent = text_of(member(out.data, {"critic_agent", "agent"}));
  } else if (event.event_type == "vote") {
    agent = text_of(member(out.data, {"voter_agent", "agent"}));
    out.choice = text_of(member(out.data, {"voted_for", "vote"}));
  } else if (event.event_type == "agent_message" || event.event_type == "synthesis" ||
             event.event_type == "agent_error" || event.event_type == "error") {
    agent = text_of(member(out.data, {"agent"}));
  }
  out.agent = agent.empty() ? out.agent : agent;
  if (event.event_type == "round_start" || event.event_type == "agent_message" ||
      event.event_type == "critique" || event.event_type == "vote") {
    const std::string round = count_of(member(out.data, {"round_number", "round"}));
    out.round = std::max<std::int64_t>(out.round, round == "-" ? 0 : std::stoll(round));
  }
  const Var agents = member(out.data, {"agents"});
  if (event.event_type == "debate_start" && agents.type() == typeid(Poco::JSON::Array::Ptr)) {
    for (const Var& each : *agents.extract<Poco::JSON::Array::Ptr>()) {
      const bool object = each.type() == typeid(Poco::JSON::Object::Ptr);
      const std::string name =
          text_of(object ? each.extract<Poco::JSON::Object::Ptr>()->get("name") : each);
      if (!name.empty()) {
        out.agents.push_back(name);
      }
    }
  }
  return out;
}

bool Reference::keeps(std::int64_t time_ns, const std::string& granularity) const {
  const std::int64_t kept = granularity == "minute" ? 2 : granularity == "hour" ? 60 : 100'000;
  const std::int64_t width = width_ns(granularity);
  return floor_to(time_ns, width) >= floor_to(now_ns_ - kept * kDayNs, width);
}

std::string Reference::counts(const std::string& granularity) const {
  std::map<std::pair<std::int64_t, std::string>, std::int64_t> counted;
  for (const Read& event : events_) {
    if (keeps(event.time_ns, granularity)) {
      ++counted[{floor_to(event.time_ns, width_ns(granularity)), event.type}];
    }
  }
  std::string lines;
  for (const auto& [key, events] : counted) {
    lines += time_text(key.first) + "|" + key.second + "|" + std::to_string(events) + "\n";
  }
  return lines;
}

std::string Reference::activity(const std::string& granularity) const {
  std::set<std::string> agents;
  std::map<std::pair<std::int64_t, std::string>, Tally> counted;
  for (const Read& event : events_) {
    agents.insert(event.agents.begin(), event.agents.end());
    agents.insert(event.agent);
    if (!keeps(event.time_ns, granularity)) {
      continue;
    }
    const std::int64_t bucket = floor_to(event.time_ns, width_ns(granularity));
    const std::string did = what_it_did(event.type);
    if (!event.agent.empty() && !did.empty()) {
      ++counted[{bucket, event.agent}][did];
    }
    if (!event.choice.empty()) {
      ++counted[{bucket, event.choice}]["votes_received"];
    }
  }
  agents.erase("");
  std::string lines;
  for (auto& [key, tally] : counted) {
    if (agents.contains(key.second)) {
      lines += time_text(key.first) + "|" + key.second;
      for (const char* what : {"messages", "critiques", "votes_cast", "votes_received", "errors"}) {
        lines += "|" + std::to_string(tally[what]);
      }
      lines += "\n";
    }
  }
  return lines;
}

void Reference::state(const Read& event, Debate& debate) {
  const auto& data = event.data;
  auto& stated = debate.stated;
  if (event.type == "debate_start") {
    keep(stated, "task", text_of(member(data, {"question", "task"})));
    keep(stated, "domain", text_of(member(data, {"domain"})));
    keep(stated, "protocol", text_of(member(data, {"consensus_type", "protocol"})));
    keep(stated, "planned_rounds", count_of(member(data, {"rounds"})));
  } else if (event.type == "consensus") {
    keep(stated, "consensus", bool_of(member(data, {"consensus_reached", "reached"})));
    keep(stated, "confidence", real_of(member(data, {"confidence"})));
  } else if (event.type == "debate_end") {
    keep(stated, "end_consensus", bool_of(member(data, {"consensus_reached", "reached"})));
    keep(stated, "end_confidence", real_of(member(data, {"confidence"})));
    keep(stated, "rounds_used", count_of(member(data, {"rounds_used", "rounds"})));
    keep(stated, "duration", real_of(member(data, {"duration_seconds", "duration"})));
    keep(stated, "winner", text_of(member(data, {"winner_agent", "winner"})));
    const std::string status = text_of(member(data, {"status"}));
    debate.failure = bool_of(member(data, {"cancelled"})) == "true"  ? "cancelled"
                     : status == "canceled"                          ? "cancelled"
                     : status == "timeout"                           ? "timeout"
                     : !text_of(member(data, {"error"})).empty()     ? "error"
                     : bool_of(member(data, {"success"})) == "false" ? "failed"
                                                                     : "";
  } else if (event.type == "error" && bool_of(member(data, {"recoverable"})) == "false") {
    const std::string type = text_of(member(data, {"error_type"}));
    stated["fatal"] = type.empty() ? "error" : type;
  }
}

void Reference::conclude(Debate& debate) {
  if (debate.ended) {
    debate.outcome = debate.failure.empty() ? "completed" : "failed";
  } else if (debate.stated.contains("fatal")) {
    debate.outcome = "failed";
    debate.failure = debate.stated["fatal"];
  }
  const std::int64_t length = debate.ended_ns - debate.start_ns;
  debate.duration = debate.of("duration");
  if (debate.duration != "-") {
    debate.seconds = std::stod(debate.duration);
  } else if (debate.started && debate.ended && length >= 0) {
    debate.seconds = static_cast<double>(length) / 1e9;
    debate.duration = number(debate.seconds);
  }
  debate.start_ns = debate.started ? debate.start_ns : debate.first_ns;
}

std::vector<Reference::Debate> Reference::all_debates() const {
  std::map<std::string, Debate> found;
  for (const Read& event : events_) {
    if (event.debate_id.empty() || event.time_ns < now_ns_ - 400 * kDayNs) {
      continue;
    }
    const bool first = !found.contains(event.debate_id);
    Debate& debate = found[event.debate_id];
    debate.id = event.debate_id;
    debate.first_ns = first ? event.time_ns : std::min(debate.first_ns, event.time_ns);
    debate.last_ns = first ? event.time_ns : std::max(debate.last_ns, event.time_ns);
    debate.is_debate =
        debate.is_debate || (event.type != "token_delta" && event.type != "heartbeat" &&
                             event.type != "error" && event.type != "agent_error");
    if (event.type == "debate_start") {
      debate.start_ns = debate.started ? std::min(debate.start_ns, event.time_ns) : event.time_ns;
      debate.started = true;
    }
    if (event.type == "debate_end") {
      debate.ended_ns = debate.ended ? std::max(debate.ended_ns, event.time_ns) : event.time_ns;
      debate.ended = true;
    }
    ++debate.totals["events"];
    ++debate.totals[what_it_did(event.type)];
    debate.totals["round"] = std::max(debate.totals["round"], event.round);
    state(event, debate);
    for (const std::string& name : event.agents) {
      debate.is_agent[name] = true;
    }
    if (!event.agent.empty()) {
      debate.is_agent[event.agent] = true;
      ++debate.names[event.agent][what_it_did(event.type)];
    }
    if (!event.choice.empty()) {
      ++debate.names[event.choice]["votes_received"];
    }
  }
  std::vector<Debate> debates;
  for (auto& [id, debate] : found) {
    if (debate.is_debate) {
      conclude(debate);
      debates.push_back(debate);
    }
  }
  std::stable_sort(debates.begin(), debates.end(),
                   [](const Debate& a, const Debate& b) { return a.start_ns > b.start_ns; });
  return debates;
}

std::int64_t Reference::Debate::agents() const {
  return static_cast<std::int64_t>(is_agent.size());
}

std::string Reference::Debate::of(const std::string& column) const {
  if (column == "consensus" && stated.contains("end_consensus")) {
    return stated.at("end_consensus");
  }
  if (column == "confidence" && stated.contains("end_confidence")) {
    return stated.at("end_confidence");
  }
  if (column == "rounds") {
    return stated.contains("rounds_used") ? stated.at("rounds_used")
                                          : std::to_string(totals.at("round"));
  }
  return stated.contains(column) ? stated.at(column) : "-";
}

std::string Reference::debates() const {
  std::string lines;
  for (Debate& debate : all_debates()) {
    lines += debate.id + "|" + debate.outcome + "|" +
             (debate.failure.empty() ? "-" : debate.failure) + "|" + time_text(debate.start_ns) +
             "|" + (debate.ended ? time_text(debate.ended_ns) : "-") + "|" + debate.duration;
    for (const char* column :
         {"domain", "protocol", "consensus", "confidence", "rounds", "planned_rounds", "winner"}) {
      lines += "|" + debate.of(column);
    }
    lines += "|" + std::to_string(debate.agents());
    for (const char* what : {"messages", "critiques", "votes_cast", "errors", "events"}) {
      lines += "|" + std::to_string(debate.totals[what]);
    }
    lines += "|" + time_text(debate.last_ns) + "|" + debate.of("task") + "\n";
  }
  return lines;
}

std::string Reference::leaderboard() const {
  std::map<std::string, Tally> agents;
  for (Debate& debate : all_debates()) {
    for (const auto& [name, yes] : debate.is_agent) {
      Tally& tally = agents[name];
      ++tally["debates"];
      for (const auto& [what, times] : debate.names[name]) {
        tally[what] += times;
      }
      tally["wins"] += debate.of("winner") == name ? 1 : 0;
    }
  }
  std::vector<std::pair<std::string, Tally>> ranked(agents.begin(), agents.end());
  std::stable_sort(ranked.begin(), ranked.end(), [](const auto& a, const auto& b) {
    return a.second.at("wins") > b.second.at("wins");
  });
  std::string lines;
  for (std::size_t i = 0; i < ranked.size(); ++i) {
    auto& [name, tally] = ranked[i];
    lines += std::to_string(i + 1) + "|" + name;
    for (const char* what :
         {"debates", "messages", "critiques", "votes_cast", "votes_received", "wins"}) {
      lines += "|" + std::to_string(tally[what]);
    }
    lines += "|" +
             number(static_cast<double>(tally["wins"]) / static_cast<double>(tally["debates"])) +
             "|" + std::to_string(tally["errors"]) + "\n";
  }
  return lines;
}

std::string Reference::stats_line(const std::vector<Debate>& debates) {
  std::int64_t completed = 0, failed = 0, consensus = 0, agents = 0;
  Tally totals;
  std::vector<double> rounds, durations;
  for (const Debate& debate : debates) {
    agents += debate.agents();
    for (const auto& [what, times] : debate.totals) {
      totals[what] += times;
    }
    failed += debate.outcome == "failed" ? 1 : 0;
    if (debate.outcome == "completed") {
      ++completed;
      consensus += debate.of("consensus") == "true" ? 1 : 0;
      rounds.push_back(std::stod(debate.of("rounds")));
      if (debate.duration != "-") {
        durations.push_back(debate.seconds);
      }
    }
  }
  const auto total = static_cast<std::int64_t>(debates.size());
  const auto ratio = [](std::int64_t part, std::int64_t whole) {
    return whole == 0 ? "-" : number(static_cast<double>(part) / static_cast<double>(whole));
  };
  std::string line;
  for (const std::int64_t each :
       {total, completed, failed, total - completed - failed, consensus}) {
    line += std::to_string(each) + "|";
  }
  line += ratio(consensus, completed);
  for (const auto* values : {&rounds, &durations}) {
    line += "|" + mean(*values);
    for (const double p : {50., 90., 95.}) {
      line += "|" + percentile(*values, p);
    }
  }
  line += "|" + ratio(agents, total);
  for (const char* what : {"messages", "critiques", "votes_cast"}) {
    line += "|" + std::to_string(totals[what]);
  }
  return line + "\n";
}

std::string Reference::debate_stats() const {
  const std::vector<Debate> debates = all_debates();
  std::string lines = stats_line(debates);
  for (const char* column : {"protocol", "domain"}) {
    std::map<std::string, std::vector<Debate>> groups;
    for (const Debate& debate : debates) {
      const std::string key = debate.of(column);
      groups[key == "-" ? "unknown" : key].push_back(debate);
    }
    for (const auto& [key, group] : groups) {
      lines += key + ": " + stats_line(group);
    }
  }
  return lines;
}

}  // namespace aev::analytics
