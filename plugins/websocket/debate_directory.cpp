#include "debate_directory.h"

#include <simdjson.h>

#include "debate_state.h"
#include "server_message.h"

namespace aev::websocket {
namespace {

/// A string member of the payload; empty if there is none.
std::string text_of(const sdk::Event& event, const char* name) {
  simdjson::dom::parser parser;
  simdjson::dom::object data;
  std::string_view text;
  if (event.data().empty() ||
      parser.parse(event.data().data(), event.data().size(), true).get(data) != simdjson::SUCCESS ||
      data[name].get(text) != simdjson::SUCCESS) {
    return {};
  }
  return std::string(text);
}

}  // namespace

void DebateDirectory::note(const sdk::Event& event) {
  if (event.debate_id().empty()) {
    return;
  }
  const std::string_view type = event.event_type();
  auto found = by_id_.find(event.debate_id());
  if (type == "debate_end" || type == "loop_unregister") {
    if (found != by_id_.end()) {
      const auto entry = found->second;
      by_id_.erase(found);
      entries_.erase(entry);
    }
    return;
  }
  if (found == by_id_.end()) {
    if (entries_.size() == kMaxDebates) {
      by_id_.erase(entries_.back().id);
      entries_.pop_back();
    }
    Entry& made = entries_.emplace_front();
    made.id = event.debate_id();
    made.started_ns = event.time_unix_ns();
    found = by_id_.emplace(made.id, entries_.begin()).first;
  } else if (found->second != entries_.begin()) {
    entries_.splice(entries_.begin(), entries_, found->second);
  }
  Entry& entry = *found->second;
  if (type == "debate_start" || type == "loop_register") {
    entry.started_ns = event.time_unix_ns();
    entry.name = text_of(event, type == "debate_start" ? "task" : "name");
  } else if (type == "phase_start") {
    entry.phase = text_of(event, "phase");
  }
  if (const std::string_view round = event.attribute("round"); !round.empty() && round != "0") {
    entry.cycle = round;
  }
}

std::string DebateDirectory::list_json(const Grant& grant) const {
  std::string loops = "[";
  std::size_t count = 0;
  for (const Entry& entry : entries_) {
    if (!grant.allows(entry.id)) {
      continue;
    }
    std::string loop = "{";
    append_text_member(loop, "loop_id", entry.id);
    append_text_member(loop, "name", entry.name.empty() ? entry.id : entry.name);
    append_json_member(loop, "started_at", unix_seconds(entry.started_ns));
    append_json_member(loop, "cycle", entry.cycle);
    append_text_member(loop, "phase", entry.phase);
    append_text_member(loop, "path", "");
    loops.append(count == 0 ? "" : ",").append(loop).append("}");
    ++count;
  }
  std::string out = "{";
  append_json_member(out, "loops", loops + "]");
  append_json_member(out, "count", std::to_string(count));
  return out + '}';
}

}  // namespace aev::websocket
