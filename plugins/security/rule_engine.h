#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "field_table.h"
#include "observation.h"
#include "settings.h"
#include "window_table.h"

namespace aev::security {

/// A rule that fired.
struct Firing {
  std::size_t rule = 0;  ///< number in Settings::rules
  std::string key;       ///< values of its key fields, joined by kKeySeparator
  std::int64_t time_ns = 0;
  std::uint32_t count = 1;
  std::int64_t first_ns = 0;  ///< times of the events it counted
  std::int64_t last_ns = 0;
  std::vector<std::uint64_t> evidence;  ///< entries of the events it counted, the newest ones
  std::string debate_id;                ///< of RuleKind::kDebate
};

inline constexpr char kKeySeparator = '\x1f';

/// What the engine did since it was made.
struct EngineCounts {
  std::uint64_t late = 0;        ///< events too late to count
  std::uint64_t suppressed = 0;  ///< times a rule would have fired within its cooldown
  std::uint64_t busy = 0;        ///< debates not asked for because too many are open
};

/// Evaluates the rules. A pure function of the events in the order given: no clock, no I/O, no
/// randomness; the same events, however they are cut by a restart, fire the same. An event costs
/// the rules that name its type, not all of them. Confined to one thread.
class RuleEngine {
 public:
  /// Makes the id of the debate that an event asks for.
  using DebateId = std::string (*)(std::string_view subscriber, std::string_view event_id);

  /// `settings` outlives this object.
  RuleEngine(const Settings& settings, std::string subscriber, DebateId debate_id);

  /// The fields that rules ask for; event.fields below follows its numbers.
  [[nodiscard]] const FieldTable& fields() const { return fields_; }

  /// Takes the next event and appends what fires.
  void observe(const Observation& event, std::vector<Firing>& fired);

  /// The same event again after a restart: what fired then is told by restore_firing().
  void restore_event(const Observation& event);
  void restore_firing(std::string_view rule,
                      std::string_view key,
                      std::int64_t time_ns,
                      std::string_view debate_id,
                      std::int64_t received_ns);

  /// All that a restart needs, as bytes. Rules whose definition changed start anew from it.
  [[nodiscard]] std::string save() const;
  /// False if `saved` is damaged; the engine is then as new.
  [[nodiscard]] bool load(std::string_view saved);

  [[nodiscard]] const EngineCounts& counts() const { return counts_; }

  [[nodiscard]] std::size_t keys() const;
  [[nodiscard]] std::size_t window_events() const;
  [[nodiscard]] std::uint64_t evicted() const;

  [[nodiscard]] std::size_t open_debates() const { return open_debates_.size(); }

 private:
  struct Rule {
    const RuleSettings* settings = nullptr;
    std::vector<std::size_t> key;  // numbers of fields
    std::size_t distinct = FieldTable::kNone;
    WindowRule window;
    std::string fingerprint;  // what its windows depend on
    WindowTable table;
  };

  struct TypeHash {
    using is_transparent = void;

    std::size_t operator()(std::string_view text) const noexcept {
      return std::hash<std::string_view>()(text);
    }
  };

  void take(const Observation& event, std::vector<Firing>* fired);
  void threshold(std::size_t number,
                 const Observation& event,
                 std::int64_t time_ns,
                 std::vector<Firing>* fired);
  void each(std::size_t number,
            const Observation& event,
            std::int64_t time_ns,
            std::vector<Firing>& fired);
  [[nodiscard]] bool worth_a_debate(const Rule& rule, const Observation& event) const;
  void forget_debates(std::int64_t now_ns);
  /// The rule's key of the event in key_; false if a field is absent.
  [[nodiscard]] bool make_key(const Rule& rule, const Observation& event);
  [[nodiscard]] std::string_view field(const Observation& event, std::size_t number) const;
  void reset();

  const Settings& settings_;
  const std::string subscriber_;
  const DebateId debate_id_;
  FieldTable fields_;
  std::vector<Rule> rules_;
  std::unordered_map<std::string, std::vector<std::size_t>, TypeHash, std::equal_to<>> by_type_;
  std::map<std::string, std::int64_t, std::less<>> open_debates_;  // since when
  std::int64_t newest_received_ns_ = kNever;
  std::int64_t debate_timeout_ns_ = 0;
  EngineCounts counts_;
  std::string key_;
};

}  // namespace aev::security
