#include "rule_engine.h"

#include <algorithm>

#include "byte_codec.h"

namespace aev::security {
namespace {

constexpr std::string_view kStateVersion = "aragora-security-state-1";

std::uint64_t hash_of(std::string_view text) {
  // Not std::hash: the number is kept in the snapshot and must mean the same in the next build.
  std::uint64_t hash = 14695981039346656037ull;
  for (const char c : text) {
    hash = (hash ^ static_cast<unsigned char>(c)) * 1099511628211ull;
  }
  return hash ^ (hash >> 29);
}

std::string fingerprint_of(const RuleSettings& rule) {
  std::string text = rule.name;
  for (const auto& each : rule.events) {
    text.append("\n").append(each);
  }
  for (const auto& each : rule.key) {
    text.append("\tkey ").append(each);
  }
  text.append("\tdistinct ").append(rule.distinct);
  text.append("\twithin ").append(std::to_string(rule.within.count()));
  text.append("\tfloor ").append(to_string(rule.min_severity));
  return text;
}

}  // namespace

RuleEngine::RuleEngine(const Settings& settings, std::string subscriber, DebateId debate_id)
    : settings_(settings), subscriber_(std::move(subscriber)), debate_id_(debate_id) {
  reset();
}

void RuleEngine::reset() {
  rules_.clear();
  by_type_.clear();
  open_debates_.clear();
  newest_received_ns_ = kNever;
  const std::size_t share = std::max<std::size_t>(settings_.rules.size(), 1);
  for (std::size_t i = 0; i < settings_.rules.size(); ++i) {
    const RuleSettings& given = settings_.rules[i];
    Rule rule{
        &given,
        {},
        FieldTable::kNone,
        {given.count, given.within.count(), !given.distinct.empty(),
         std::max<std::size_t>(settings_.limits.events_per_key, std::size_t{2} * given.count)},
        fingerprint_of(given),
        WindowTable(std::max<std::size_t>(settings_.limits.keys / share, 100),
                    std::max<std::size_t>(settings_.limits.window_events / share, 1000))};
    for (const std::string& name : given.key) {
      rule.key.push_back(fields_.add(name));
    }
    if (!given.distinct.empty()) {
      rule.distinct = fields_.add(given.distinct);
    }
    for (const std::string& type : given.events) {
      by_type_[type].push_back(i);
    }
    if (given.kind == RuleKind::kDebate) {
      debate_timeout_ns_ = given.open_timeout.count();
    }
    rules_.push_back(std::move(rule));
  }
}

std::string_view RuleEngine::field(const Observation& event, std::size_t number) const {
  const std::string_view value = event.fields[number];
  if (!value.empty()) {
    return value;
  }
  const std::string& path = fields_.path(number);
  return path == "source"       ? event.source
         : path == "debate_id"  ? event.debate_id
         : path == "event_type" ? event.event_type
                                : std::string_view();
}

bool RuleEngine::make_key(const Rule& rule, const Observation& event) {
  key_.clear();
  for (std::size_t i = 0; i < rule.key.size(); ++i) {
    const std::string_view value = field(event, rule.key[i]);
    if (value.empty()) {
      // A finding without a repository shares one cooldown with its like, as Aragora has it.
      if (rule.settings->kind == RuleKind::kDebate) {
        continue;
      }
      return false;
    }
    if (i > 0) {
      key_ += kKeySeparator;
    }
    key_.append(value);
  }
  return true;
}

void RuleEngine::observe(const Observation& event, std::vector<Firing>& fired) {
  take(event, &fired);
}

void RuleEngine::restore_event(const Observation& event) {
  take(event, nullptr);
}

void RuleEngine::take(const Observation& event, std::vector<Firing>* fired) {
  newest_received_ns_ = std::max(newest_received_ns_, event.received_ns);
  if (event.event_type == "security_debate_completed") {
    if (const auto found = open_debates_.find(event.debate_id); found != open_debates_.end()) {
      open_debates_.erase(found);
    }
  }
  const auto rules = by_type_.find(event.event_type);
  if (rules == by_type_.end()) {
    return;
  }
  const std::int64_t latest = event.received_ns + settings_.max_ahead.count();
  const std::int64_t time = event.time_ns > latest ? event.received_ns : event.time_ns;
  const bool late = time < newest_received_ns_ - settings_.max_late.count();
  counts_.late += late ? 1 : 0;
  for (const std::size_t number : rules->second) {
    const Rule& rule = rules_[number];
    if (rule.settings->kind == RuleKind::kThreshold) {
      if (!late && event.severity >= rule.settings->min_severity) {
        threshold(number, event, time, fired);
      }
    } else if (fired != nullptr) {
      each(number, event, time, *fired);
    }
  }
}

void RuleEngine::threshold(std::size_t number,
                           const Observation& event,
                           std::int64_t time_ns,
                           std::vector<Firing>* fired) {
  Rule& rule = rules_[number];
  if (!make_key(rule, event)) {
    return;
  }
  std::uint64_t value = 0;
  if (rule.window.distinct) {
    const std::string_view counted = field(event, rule.distinct);
    if (counted.empty()) {
      return;
    }
    value = hash_of(counted);
  }
  WindowTable::Slot& slot = rule.table.use(key_);
  const std::size_t before = slot.window.size();
  const std::int64_t horizon =
      newest_received_ns_ - settings_.max_late.count() - rule.window.within_ns;
  slot.window.expire(horizon);
  WindowHit hit = slot.window.add(rule.window, {time_ns, event.entry, value});
  rule.table.resized(before, slot.window.size());
  const std::int64_t cooldown = rule.settings->cooldown.count();
  if (hit.reached && fired != nullptr) {
    if (time_ns < slot.fired_ns + cooldown) {
      ++counts_.suppressed;
    } else {
      slot.fired_ns = time_ns;
      slot.window.widen(rule.window, hit);
      Firing firing{number,
                    key_,
                    time_ns,
                    hit.count,
                    slot.window[hit.first].time_ns,
                    slot.window[hit.last].time_ns,
                    {},
                    {}};
      const std::size_t counted = hit.last - hit.first + 1;
      const std::size_t skipped =
          counted > settings_.max_evidence ? counted - settings_.max_evidence : 0;
      for (std::size_t i = hit.first + skipped; i <= hit.last; ++i) {
        firing.evidence.push_back(slot.window[i].entry);
      }
      fired->push_back(std::move(firing));
    }
  }
  rule.table.trim(slot, horizon, newest_received_ns_ - settings_.max_late.count() - cooldown);
}

bool RuleEngine::worth_a_debate(const Rule& rule, const Observation& event) const {
  const RuleSettings& settings = *rule.settings;
  if (!event.debate_id.empty()) {
    return false;  // it is being debated already
  }
  const auto& always = settings.always_trigger;
  if (std::find(always.begin(), always.end(), event.event_type) != always.end()) {
    return true;
  }
  return event.severity >= settings.min_severity &&
         (event.severity == Severity::kCritical ||
          event.critical_findings >= settings.critical_findings ||
          event.high_findings >= settings.high_findings);
}

void RuleEngine::forget_debates(std::int64_t now_ns) {
  std::erase_if(open_debates_,
                [&](const auto& each) { return each.second + debate_timeout_ns_ <= now_ns; });
}

void RuleEngine::each(std::size_t number,
                      const Observation& event,
                      std::int64_t time_ns,
                      std::vector<Firing>& fired) {
  Rule& rule = rules_[number];
  const bool debate = rule.settings->kind == RuleKind::kDebate;
  if ((debate ? !worth_a_debate(rule, event) : event.severity < rule.settings->min_severity) ||
      !make_key(rule, event)) {
    return;
  }
  const std::int64_t cooldown = rule.settings->cooldown.count();
  if (cooldown > 0) {
    const WindowTable::Slot* const slot = rule.table.find(key_);
    if (slot != nullptr && time_ns < slot->fired_ns + cooldown) {
      ++counts_.suppressed;
      return;
    }
  }
  Firing firing{number, key_, time_ns, 1, time_ns, time_ns, {event.entry}, {}};
  if (debate) {
    forget_debates(newest_received_ns_);
    if (open_debates_.size() >= rule.settings->max_open) {
      ++counts_.busy;
      return;
    }
    firing.debate_id = debate_id_(subscriber_, event.event_id);
  }
  restore_firing(rule.settings->name, key_, time_ns, firing.debate_id, newest_received_ns_);
  fired.push_back(std::move(firing));
}

void RuleEngine::restore_firing(std::string_view name,
                                std::string_view key,
                                std::int64_t time_ns,
                                std::string_view debate_id,
                                std::int64_t received_ns) {
  if (!debate_id.empty()) {
    forget_debates(received_ns);
    open_debates_.insert_or_assign(std::string(debate_id), received_ns);
  }
  for (Rule& rule : rules_) {
    if (rule.settings->name != name) {
      continue;
    }
    if (rule.settings->kind == RuleKind::kThreshold) {
      if (WindowTable::Slot* const slot = rule.table.find(key)) {
        slot->fired_ns = time_ns;
      }
    } else if (rule.settings->cooldown.count() > 0) {
      WindowTable::Slot& slot = rule.table.use(key);
      slot.fired_ns = time_ns;
      const std::int64_t quiet =
          newest_received_ns_ - settings_.max_late.count() - rule.settings->cooldown.count();
      rule.table.trim(slot, quiet, quiet);
    }
  }
}

std::string RuleEngine::save() const {
  ByteWriter out;
  out.text(kStateVersion);
  out.number(static_cast<std::uint64_t>(newest_received_ns_));
  out.number(open_debates_.size());
  for (const auto& [id, since] : open_debates_) {
    out.text(id);
    out.number(static_cast<std::uint64_t>(since));
  }
  out.number(rules_.size());
  for (const Rule& rule : rules_) {
    out.text(rule.fingerprint);
    out.number(rule.table.keys());
    rule.table.each([&](const std::string& key, const WindowTable::Slot& slot) {
      out.text(key);
      out.number(static_cast<std::uint64_t>(slot.fired_ns));
      out.number(slot.window.size());
      for (std::size_t i = 0; i < slot.window.size(); ++i) {
        out.number(static_cast<std::uint64_t>(slot.window[i].time_ns));
        out.number(slot.window[i].entry);
        out.number(slot.window[i].value);
      }
    });
  }
  return out.take();
}

bool RuleEngine::load(std::string_view saved) {
  ByteReader in(saved);
  if (in.text() != kStateVersion) {
    return false;
  }
  newest_received_ns_ = static_cast<std::int64_t>(in.number());
  for (std::uint64_t n = in.number(); n > 0 && in.ok(); --n) {
    const std::string id(in.text());
    open_debates_[id] = static_cast<std::int64_t>(in.number());
  }
  for (std::uint64_t n = in.number(); n > 0 && in.ok(); --n) {
    const std::string_view fingerprint = in.text();
    const auto rule = std::find_if(rules_.begin(), rules_.end(), [&](const Rule& each) {
      return each.fingerprint == fingerprint;
    });
    for (std::uint64_t keys = in.number(); keys > 0 && in.ok(); --keys) {
      const std::string_view key = in.text();
      const auto fired = static_cast<std::int64_t>(in.number());
      std::vector<WindowEvent> events;
      for (std::uint64_t count = in.number(); count > 0 && in.ok(); --count) {
        const auto time = static_cast<std::int64_t>(in.number());
        const std::uint64_t entry = in.number();
        events.push_back({time, entry, in.number()});
      }
      if (rule != rules_.end() && in.ok()) {
        WindowTable::Slot& slot = rule->table.use(key);
        slot.fired_ns = fired;
        rule->table.resized(slot.window.size(), events.size());
        slot.window.restore(std::move(events));
        rule->table.trim(slot, kNever, kNever);
      }
    }
  }
  if (!in.ok()) {
    reset();
    return false;
  }
  return true;
}

std::size_t RuleEngine::keys() const {
  std::size_t sum = 0;
  for (const Rule& rule : rules_) {
    sum += rule.table.keys();
  }
  return sum;
}

std::size_t RuleEngine::window_events() const {
  std::size_t sum = 0;
  for (const Rule& rule : rules_) {
    sum += rule.table.events();
  }
  return sum;
}

std::uint64_t RuleEngine::evicted() const {
  std::uint64_t sum = 0;
  for (const Rule& rule : rules_) {
    sum += rule.table.evicted();
  }
  return sum;
}

}  // namespace aev::security
