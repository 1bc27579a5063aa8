#include "event_reader.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <optional>
#include <span>

#include <simdjson.h>

namespace aev::analytics {
namespace {

namespace dom = simdjson::dom;

/// Longer names are no names of agents, domains and the like.
constexpr std::size_t kMaxNameBytes = 256;
/// Of a question, what is kept.
constexpr std::size_t kMaxTaskBytes = 500;
constexpr std::int64_t kMaxRounds = 1'000'000;

/// Members of `data` that mean something, whatever their spelling.
enum class Member : std::uint8_t {
  kDebateId,
  kAgent,
  kChoice,
  kRound,
  kTask,
  kAgents,
  kDomain,
  kProtocol,
  kPlannedRounds,
  kConsensus,
  kConfidence,
  kRoundsUsed,
  kDuration,
  kWinner,
  kCancelled,
  kSuccess,
  kStatus,
  kError,
  kRecoverable,
  kErrorType,
};

constexpr std::size_t kMemberCount = 20;

struct Spelling {
  std::string_view name;
  Member member;
};

// Where two spellings of a member occur together, the one further up counts.
constexpr Spelling kStart[] = {
    {"debate_id", Member::kDebateId}, {"question", Member::kTask},
    {"task", Member::kTask},          {"agents", Member::kAgents},
    {"domain", Member::kDomain},      {"consensus_type", Member::kProtocol},
    {"protocol", Member::kProtocol},  {"rounds", Member::kPlannedRounds}};
constexpr Spelling kEnd[] = {{"debate_id", Member::kDebateId},
                             {"consensus_reached", Member::kConsensus},
                             {"reached", Member::kConsensus},
                             {"confidence", Member::kConfidence},
                             {"rounds_used", Member::kRoundsUsed},
                             {"rounds", Member::kRoundsUsed},
                             {"duration_seconds", Member::kDuration},
                             {"duration", Member::kDuration},
                             {"winner_agent", Member::kWinner},
                             {"winner", Member::kWinner},
                             {"cancelled", Member::kCancelled},
                             {"success", Member::kSuccess},
                             {"status", Member::kStatus},
                             {"error", Member::kError}};
constexpr Spelling kRound[] = {
    {"debate_id", Member::kDebateId}, {"round_number", Member::kRound}, {"round", Member::kRound}};
constexpr Spelling kMessage[] = {{"debate_id", Member::kDebateId},
                                 {"agent", Member::kAgent},
                                 {"round_number", Member::kRound},
                                 {"round", Member::kRound}};
constexpr Spelling kCritique[] = {{"debate_id", Member::kDebateId},
                                  {"critic_agent", Member::kAgent},
                                  {"agent", Member::kAgent},
                                  {"round_number", Member::kRound},
                                  {"round", Member::kRound}};
constexpr Spelling kVote[] = {{"debate_id", Member::kDebateId}, {"voter_agent", Member::kAgent},
                              {"agent", Member::kAgent},        {"voted_for", Member::kChoice},
                              {"vote", Member::kChoice},        {"round_number", Member::kRound},
                              {"round", Member::kRound}};
constexpr Spelling kConsensus[] = {{"debate_id", Member::kDebateId},
                                   {"consensus_reached", Member::kConsensus},
                                   {"reached", Member::kConsensus},
                                   {"confidence", Member::kConfidence}};
constexpr Spelling kAgentOnly[] = {{"debate_id", Member::kDebateId}, {"agent", Member::kAgent}};
constexpr Spelling kFault[] = {{"debate_id", Member::kDebateId},
                               {"agent", Member::kAgent},
                               {"recoverable", Member::kRecoverable},
                               {"error_type", Member::kErrorType}};

std::span<const Spelling> spellings(EventKind kind) {
  switch (kind) {
    case EventKind::kDebateStart:
      return kStart;
    case EventKind::kDebateEnd:
      return kEnd;
    case EventKind::kRoundStart:
      return kRound;
    case EventKind::kMessage:
      return kMessage;
    case EventKind::kCritique:
      return kCritique;
    case EventKind::kVote:
      return kVote;
    case EventKind::kConsensus:
      return kConsensus;
    case EventKind::kSynthesis:
    case EventKind::kAgentError:
      return kAgentOnly;
    case EventKind::kError:
      return kFault;
    case EventKind::kOther:
      break;
  }
  return {};
}

/// Cuts text to at most `most` bytes, not in the middle of a character.
std::string_view cut(std::string_view text, std::size_t most) {
  if (text.size() > most) {
    while (most > 0 && (static_cast<unsigned char>(text[most]) & 0xC0) == 0x80) {
      --most;
    }
    text = text.substr(0, most);
  }
  return text;
}

/// The members of one event's data, by meaning. A null counts as absent.
class Members {
 public:
  Members(dom::object object, std::span<const Spelling> spellings, std::uint32_t& ignored)
      : ignored_(ignored) {
    std::array<std::uint8_t, kMemberCount> rank{};
    for (const dom::key_value_pair member : object) {
      for (std::size_t i = 0; i < spellings.size(); ++i) {
        const auto slot = static_cast<std::size_t>(spellings[i].member);
        if (spellings[i].name == member.key && !member.value.is_null()) {
          const auto better = static_cast<std::uint8_t>(spellings.size() - i);
          if (better >= rank[slot]) {
            rank[slot] = better;
            found_[slot] = member.value;
          }
          break;
        }
      }
    }
  }

  [[nodiscard]] std::optional<std::string_view> text(Member member) const {
    return typed<std::string_view>(member);
  }

  /// Text that can name something: not empty, not too long.
  [[nodiscard]] std::string_view name(Member member) const {
    const std::string_view found = text(member).value_or(std::string_view());
    if (found.size() > kMaxNameBytes) {
      ++ignored_;
      return {};
    }
    return found;
  }

  [[nodiscard]] std::optional<bool> boolean(Member member) const { return typed<bool>(member); }

  /// A finite number, not negative.
  [[nodiscard]] std::optional<double> number(Member member) const {
    const std::optional<double> found = typed<double>(member);
    return found && *found >= 0 && std::isfinite(*found) ? found : ignored_unless_absent(member);
  }

  /// A whole number from 0 to kMaxRounds, also if it is written as 3.0.
  [[nodiscard]] std::optional<std::int64_t> count(Member member) const {
    const std::optional<double> found = typed<double>(member);
    if (!found) {
      return std::nullopt;
    }
    if (*found < 0 || *found > static_cast<double>(kMaxRounds) || *found != std::floor(*found)) {
      ++ignored_;
      return std::nullopt;
    }
    return static_cast<std::int64_t>(*found);
  }

  [[nodiscard]] const std::optional<dom::element>& raw(Member member) const {
    return found_[static_cast<std::size_t>(member)];
  }

  void ignore() const { ++ignored_; }

 private:
  template <typename T>
  [[nodiscard]] std::optional<T> typed(Member member) const {
    const std::optional<dom::element>& element = raw(member);
    if (!element) {
      return std::nullopt;
    }
    T value{};
    if (element->get(value) != simdjson::SUCCESS) {
      ++ignored_;
      return std::nullopt;
    }
    return value;
  }

  [[nodiscard]] std::optional<double> ignored_unless_absent(Member member) const {
    double value = 0;
    if (raw(member) && raw(member)->get(value) == simdjson::SUCCESS) {
      ++ignored_;
    }
    return std::nullopt;
  }

  std::array<std::optional<dom::element>, kMemberCount> found_;
  std::uint32_t& ignored_;
};

void add_text(EventReading& out, Fact fact, std::string_view text) {
  if (!text.empty()) {
    out.facts.emplace_back(fact, std::string(text));
  }
}

template <typename T>
void add_value(EventReading& out, Fact fact, std::optional<T> value) {
  if (value) {
    out.facts.emplace_back(fact, *value);
  }
}

std::optional<std::int64_t> as_integer(std::optional<bool> value) {
  return value ? std::optional<std::int64_t>(*value ? 1 : 0) : std::nullopt;
}

/// Agents are names, or objects that have one.
void read_agents(const Members& members, EventReading& out) {
  const auto& raw = members.raw(Member::kAgents);
  if (!raw) {
    return;
  }
  dom::array list;
  if (raw->get(list) != simdjson::SUCCESS) {
    members.ignore();
    return;
  }
  for (const dom::element each : list) {
    std::string_view name;
    const bool found =
        each.get(name) == simdjson::SUCCESS || each.at_key("name").get(name) == simdjson::SUCCESS;
    if (found && !name.empty() && name.size() <= kMaxNameBytes) {
      out.agents.push_back(name);
    } else {
      members.ignore();
    }
  }
}

/// Why a debate that has ended failed; empty if it did not.
std::string_view failure(const Members& members) {
  constexpr std::string_view kFailed[] = {"failed",  "error",     "cancelled", "canceled",
                                          "timeout", "timed_out", "aborted"};
  if (members.boolean(Member::kCancelled).value_or(false)) {
    return "cancelled";
  }
  const std::string_view status = members.text(Member::kStatus).value_or(std::string_view());
  for (const std::string_view each : kFailed) {
    if (status == each) {
      return status == "canceled" ? "cancelled" : status;
    }
  }
  if (!members.text(Member::kError).value_or(std::string_view()).empty()) {
    return "error";
  }
  return members.boolean(Member::kSuccess).value_or(true) ? std::string_view() : "failed";
}

void read_members(const Members& members, EventReading& out) {
  if (out.debate_id.empty()) {
    out.debate_id = members.name(Member::kDebateId);
  }
  if (const std::string_view agent = members.name(Member::kAgent); !agent.empty()) {
    out.agent = agent;
  }
  out.round = std::max(out.round, members.count(Member::kRound).value_or(0));
  switch (out.kind) {
    case EventKind::kDebateStart:
      add_text(out, Fact::kTask,
               cut(members.text(Member::kTask).value_or(std::string_view()), kMaxTaskBytes));
      add_text(out, Fact::kDomain, members.name(Member::kDomain));
      add_text(out, Fact::kProtocol, members.name(Member::kProtocol));
      add_value(out, Fact::kPlannedRounds, members.count(Member::kPlannedRounds));
      read_agents(members, out);
      break;
    case EventKind::kDebateEnd:
      add_value(out, Fact::kEndConsensus, as_integer(members.boolean(Member::kConsensus)));
      add_value(out, Fact::kEndConfidence, members.number(Member::kConfidence));
      add_value(out, Fact::kRoundsUsed, members.count(Member::kRoundsUsed));
      add_value(out, Fact::kDuration, members.number(Member::kDuration));
      add_text(out, Fact::kWinner, members.name(Member::kWinner));
      out.facts.emplace_back(Fact::kFailure, std::string(failure(members)));
      break;
    case EventKind::kVote:
      out.choice = members.name(Member::kChoice);
      break;
    case EventKind::kConsensus:
      add_value(out, Fact::kConsensus, as_integer(members.boolean(Member::kConsensus)));
      add_value(out, Fact::kConfidence, members.number(Member::kConfidence));
      break;
    case EventKind::kError:
      if (!members.boolean(Member::kRecoverable).value_or(true)) {
        const std::string_view type = members.name(Member::kErrorType);
        add_text(out, Fact::kFatalError, type.empty() ? "error" : type);
      }
      break;
    default:
      break;
  }
}

/// The envelope's round; 0 is its default and says nothing.
std::int64_t plain_round(std::string_view json) {
  std::int64_t round = 0;
  const auto [end, error] = std::from_chars(json.data(), json.data() + json.size(), round);
  const bool whole = error == std::errc() && end == json.data() + json.size();
  return whole && round > 0 && round <= kMaxRounds ? round : 0;
}

}  // namespace

/// The parsers keep their buffers from event to event. The attribute has its own because what it
/// yields is in use together with the data.
struct EventReader::Parsers {
  dom::parser data;
  dom::parser agent;
};

EventKind kind_of(std::string_view event_type) noexcept {
  constexpr std::pair<std::string_view, EventKind> kKinds[] = {
      {"agent_message", EventKind::kMessage},    {"vote", EventKind::kVote},
      {"critique", EventKind::kCritique},        {"round_start", EventKind::kRoundStart},
      {"debate_start", EventKind::kDebateStart}, {"debate_end", EventKind::kDebateEnd},
      {"consensus", EventKind::kConsensus},      {"synthesis", EventKind::kSynthesis},
      {"agent_error", EventKind::kAgentError},   {"error", EventKind::kError}};
  for (const auto& [name, kind] : kKinds) {
    if (name == event_type) {
      return kind;
    }
  }
  return EventKind::kOther;
}

EventReader::EventReader() : parsers_(std::make_unique<Parsers>()) {}

EventReader::~EventReader() = default;

const EventReading& EventReader::read(const sdk::Event& event) {
  EventReading& out = reading_;
  out.kind = kind_of(event.event_type());
  out.debate_id = event.debate_id();
  out.agent = {};
  out.choice = {};
  out.round = 0;
  out.agents.clear();
  out.facts.clear();
  out.unreadable = false;
  out.ignored = 0;
  if (out.kind == EventKind::kOther) {
    return out;
  }
  for (std::uint32_t i = 0; i < event.attribute_count(); ++i) {
    const sdk::Attribute attribute = event.attribute(i);
    if (attribute.name == "agent") {
      std::string_view text = attribute.value;
      if (text.size() >= 2 && text.front() == '"' && text.find('\\') == std::string_view::npos) {
        out.agent = text.substr(1, text.size() - 2);
      } else if (parsers_->agent.parse(text.data(), text.size()).get(text) == simdjson::SUCCESS) {
        out.agent = text;
      }
      out.agent = out.agent.size() > kMaxNameBytes ? std::string_view() : out.agent;
    } else if (attribute.name == "round") {
      out.round = plain_round(attribute.value);
    }
  }
  const std::string_view data = event.data();
  dom::object object;
  if (sdk::is_json_media_type(event.content_type()) && !data.empty() &&
      parsers_->data.parse(data.data(), data.size()).get(object) == simdjson::SUCCESS) {
    read_members(Members(object, spellings(out.kind), out.ignored), out);
  } else {
    out.unreadable = true;
    if (out.kind == EventKind::kDebateEnd) {
      out.facts.emplace_back(Fact::kFailure, std::string());
    }
  }
  return out;
}

}  // namespace aev::analytics
