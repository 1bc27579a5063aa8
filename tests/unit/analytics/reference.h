#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include <Poco/JSON/Object.h>

#include <aev/fake_host.hpp>

namespace aev::analytics {

/// The figures of a set of events, computed slowly and obviously: all events of a debate in the
/// order of their seqs, each statement over the one before it, with another JSON parser than the
/// plugin's. Answers are lines as lines_of() makes them from the answers of the queries; the
/// retention is the default one.
class Reference {
 public:
  Reference(const std::vector<sdk::FakeEvent>& events, std::int64_t now_ns);

  [[nodiscard]] std::string counts(const std::string& granularity) const;
  [[nodiscard]] std::string activity(const std::string& granularity) const;
  [[nodiscard]] std::string debates() const;
  [[nodiscard]] std::string leaderboard() const;
  /// The line of all debates, those by protocol, and those by domain.
  [[nodiscard]] std::string debate_stats() const;

 private:
  struct Read {
    std::string type;
    std::int64_t time_ns = 0;
    Poco::JSON::Object::Ptr data;  ///< null: unreadable
    std::string debate_id;
    std::string agent;
    std::string choice;
    std::int64_t round = 0;
    std::vector<std::string> agents;  ///< of debate_start
  };

  using Tally = std::map<std::string, std::int64_t>;

  struct Debate {
    std::string id;
    std::string outcome = "running";
    std::string failure;
    std::int64_t first_ns = 0, last_ns = 0, start_ns = 0, ended_ns = 0;
    bool started = false, ended = false, is_debate = false;
    std::map<std::string, std::string> stated;  ///< the last word on each column
    std::map<std::string, Tally> names;
    std::map<std::string, bool> is_agent;
    Tally totals;
    std::string duration;  ///< "-": not known
    double seconds = 0;

    [[nodiscard]] std::int64_t agents() const;
    [[nodiscard]] std::string of(const std::string& column) const;
  };

  [[nodiscard]] Read read(const sdk::FakeEvent& event) const;
  [[nodiscard]] static std::string what_it_did(const std::string& type);
  [[nodiscard]] std::vector<Debate> all_debates() const;
  static void state(const Read& event, Debate& debate);
  static void conclude(Debate& debate);
  [[nodiscard]] static std::string stats_line(const std::vector<Debate>& debates);
  [[nodiscard]] bool keeps(std::int64_t time_ns, const std::string& granularity) const;

  std::vector<Read> events_;  // ascending by seq
  const std::int64_t now_ns_;
};

/// The rows of a list in an answer, one a line: the values with | between them, - for null.
[[nodiscard]] std::string lines_of(const std::string& json, const std::string& list);

/// The answer of debate_stats likewise.
[[nodiscard]] std::string stats_lines_of(const std::string& json);

}  // namespace aev::analytics
