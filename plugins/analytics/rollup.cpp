#include "rollup.h"

#include <algorithm>

namespace aev::analytics {
namespace {

/// A clock that runs ahead by more than this does not make everybody else late.
constexpr std::int64_t kMaxAheadNs = 3600 * kNanosPerSecond;
/// Bits of a seq in an event's order; the log's number is above them, so that a later log's events
/// come after all of an earlier one's.
constexpr unsigned kSeqBits = 48;
constexpr std::int64_t kRemovedAtOnce = 2'000;
constexpr std::int64_t kSecondsBetweenWalks = 600;

std::uint64_t order_of(std::int64_t log, std::uint64_t seq) {
  return (static_cast<std::uint64_t>(log) << kSeqBits) | seq;
}

}  // namespace

Rollup::Rollup(std::unique_ptr<Database> database, Retention retention)
    : database_(std::move(database)),
      retention_(retention),
      rows_(*database_),
      data_version_of_(database_->prepare("PRAGMA data_version")),
      write_place_(database_->prepare(
          "UPDATE logs SET floor = ?, lowest = ?, highest = ?, highest_event = ?, applied = ? "
          "WHERE log = ?")),
      add_meta_(database_->prepare("INSERT INTO meta(name, value) VALUES(?, ?) ON CONFLICT DO "
                                   "UPDATE SET value = value + excluded.value")) {}

bool Rollup::knows_log(const std::string& id) {
  Statement find = database_->prepare("SELECT 1 FROM logs WHERE id = ?");
  return find.bind(1, std::string_view(id)).step();
}

void Rollup::use_log(const std::string& id,
                     std::string_view subscriber,
                     std::int64_t number_if_new) {
  {
    Transaction transaction(*database_);
    Statement insert = database_->prepare(
        "INSERT INTO logs(log, id, subscriber, floor, lowest, highest, highest_event, applied) "
        "VALUES(?, ?, ?, 0, 0, 0, '', 0) ON CONFLICT DO NOTHING");
    if (number_if_new == 0) {
      insert.bind_null(1);
    } else {
      insert.bind(1, number_if_new);
    }
    insert.bind(2, std::string_view(id)).bind(3, subscriber).run();
    transaction.commit();
  }
  place_.id = id;
  seqs_.reset();
  load_place();
}

std::int64_t Rollup::other_logs() {
  Statement others = database_->prepare("SELECT count(*) FROM logs WHERE id <> ? AND applied > 0");
  others.bind(1, std::string_view(place_.id));
  return others.step() ? others.integer(0) : 0;
}

void Rollup::load_place() {
  Statement read = database_->prepare(
      "SELECT log, lowest, highest, highest_event, applied, floor FROM logs WHERE id = ?");
  read.bind(1, std::string_view(place_.id));
  std::uint64_t floor = 0;
  if (read.step()) {
    place_.log = read.integer(0);
    place_.lowest = static_cast<std::uint64_t>(read.integer(1));
    place_.highest = static_cast<std::uint64_t>(read.integer(2));
    place_.highest_event = std::string(read.text(3));
    place_.applied = static_cast<std::uint64_t>(read.integer(4));
    floor = static_cast<std::uint64_t>(read.integer(5));
  }
  if (seqs_) {
    seqs_->forget(floor);
  } else {
    seqs_ = std::make_unique<AppliedSeqs>(*database_, place_.log, floor);
  }
  newest_ns_ = database_->integer("SELECT value FROM meta WHERE name = 'newest_ns'");
  rows_.forget();
}

AppliedGroup Rollup::apply(std::span<const sdk::Event> events, std::int64_t now_ns) {
  const std::int64_t now_s = seconds_of_ns(now_ns);
  AppliedGroup group;
  try {
    Transaction transaction(*database_);
    static_cast<void>(data_version_of_.step());
    const std::int64_t version = data_version_of_.integer(0);
    data_version_of_.reset();
    if (stale_ || version != data_version_) {
      // Another instance has written, for example the one that this one takes over from.
      load_place();
      data_version_ = version;
      stale_ = false;
    }
    tally_.clear(retention_.first_debate_ns(now_s));
    std::int64_t newest_ns = newest_ns_;
    for (const sdk::Event& event : events) {
      if (!seqs_->add(event.seq())) {
        ++group.duplicates;
        continue;
      }
      const EventReading& reading = reader_.read(event);
      tally_.add(event, reading, order_of(place_.log, event.seq()));
      ++group.applied;
      group.unreadable += reading.unreadable ? 1 : 0;
      group.ignored_members += reading.ignored;
      const std::int64_t time_ns = event.time_unix_ns();
      group.late += time_ns < newest_ns_ - kLateAfterNs ? 1 : 0;
      if (time_ns <= now_ns + kMaxAheadNs) {
        newest_ns = std::max(newest_ns, time_ns);
      }
      place_.lowest = place_.lowest == 0 ? event.seq() : std::min(place_.lowest, event.seq());
      if (event.seq() > place_.highest) {
        place_.highest = event.seq();
        place_.highest_event.assign(event.id());
      }
    }
    if (group.applied == 0) {
      return group;  // nothing to write: the transaction is rolled back
    }
    place_.applied += group.applied;
    rows_.add(tally_, retention_, now_s);
    save_place(newest_ns, group);
    transaction.commit();
  } catch (...) {
    // As the file has it; if that cannot be read either, the next attempt reads it.
    stale_ = true;
    throw;
  }
  return group;
}

void Rollup::save_place(std::int64_t newest_ns, const AppliedGroup& group) {
  seqs_->save();
  write_place_.bind(1, static_cast<std::int64_t>(seqs_->floor()))
      .bind(2, static_cast<std::int64_t>(place_.lowest))
      .bind(3, static_cast<std::int64_t>(place_.highest))
      .bind(4, std::string_view(place_.highest_event))
      .bind(5, static_cast<std::int64_t>(place_.applied))
      .bind(6, place_.log)
      .run();
  const auto add = [this](std::string_view name, std::uint64_t value) {
    if (value != 0) {
      add_meta_.bind(1, name).bind(2, static_cast<std::int64_t>(value)).run();
    }
  };
  add("late_events", group.late);
  add("unreadable_events", group.unreadable);
  add("ignored_members", group.ignored_members);
  if (newest_ns != newest_ns_) {
    add_meta_.bind(1, std::string_view("newest_ns")).bind(2, newest_ns - newest_ns_).run();
    newest_ns_ = newest_ns;
  }
}

void Rollup::raise_floor(std::uint64_t first_seq) {
  if (first_seq == 0 || first_seq - 1 <= seqs_->floor()) {
    return;
  }
  try {
    Transaction transaction(*database_);
    load_place();
    seqs_->raise_floor(first_seq - 1);
    save_place(newest_ns_, {});
    transaction.commit();
  } catch (...) {
    stale_ = true;
    throw;
  }
}

void Rollup::cut_log(std::uint64_t last_seq) {
  try {
    Transaction transaction(*database_);
    load_place();
    seqs_->cut_above(last_seq);
    place_.highest = std::min(place_.highest, last_seq);
    place_.lowest = std::min(place_.lowest, last_seq);
    place_.highest_event.clear();
    save_place(newest_ns_, {});
    add_meta_.bind(1, std::string_view("log_cuts")).bind(2, std::int64_t{1}).run();
    transaction.commit();
  } catch (...) {
    stale_ = true;
    throw;
  }
}

bool Rollup::counts_more_than_log(std::uint64_t first_seq) {
  const bool oldest_gone = place_.applied != 0 && (first_seq == 0 || place_.lowest < first_seq);
  return oldest_gone || other_logs() != 0 ||
         database_->integer("SELECT value FROM meta WHERE name = 'log_cuts'") != 0;
}

std::uint64_t Rollup::counted_beyond(const Rollup& other, std::uint64_t first_seq) const {
  const std::uint64_t first = std::max(first_seq, place_.lowest);
  return place_.applied == 0 ? 0 : seqs_->missing_in(*other.seqs_, first, place_.highest);
}

bool Rollup::remove_old(std::int64_t now_s) {
  Transaction transaction(*database_);
  bool more = false;
  for (const Granularity granularity : kGranularities) {
    const auto first = retention_.first_bucket(granularity, now_s);
    if (!first) {
      continue;
    }
    for (const char* table : {"counts", "agent_counts"}) {
      const std::string key = table == std::string_view("counts") ? "event_type" : "name";
      Statement remove =
          database_->prepare("DELETE FROM " + std::string(table) + " WHERE (granularity, bucket, " +
                             key + ") IN (SELECT granularity, bucket, " + key + " FROM " + table +
                             " WHERE granularity = ? AND bucket < ? LIMIT ?)");
      remove.bind(1, static_cast<std::int64_t>(granularity))
          .bind(2, *first)
          .bind(3, kRemovedAtOnce)
          .run();
      more = more || database_->changes() == kRemovedAtOnce;
    }
  }
  const auto first_ns = retention_.first_debate_ns(now_s);
  if (first_ns && (next_debate_ != 0 || now_s >= next_walk_s_)) {
    // Walks all debates, some at a time: an index on last_ns would be rewritten by every event.
    Statement next = database_->prepare(
        "SELECT max(id), count(*) FROM (SELECT id FROM debates WHERE id > ? ORDER BY id LIMIT ?)");
    next.bind(1, next_debate_).bind(2, kRemovedAtOnce);
    static_cast<void>(next.step());
    const std::int64_t last = next.integer(0);
    const bool at_end = next.integer(1) < kRemovedAtOnce;
    next.reset();
    database_
        ->prepare(
            "DELETE FROM debate_agents WHERE debate IN "
            "(SELECT id FROM debates WHERE id > ? AND id <= ? AND last_ns < ?)")
        .bind(1, next_debate_)
        .bind(2, last)
        .bind(3, *first_ns)
        .run();
    database_->prepare("DELETE FROM debates WHERE id > ? AND id <= ? AND last_ns < ?")
        .bind(1, next_debate_)
        .bind(2, last)
        .bind(3, *first_ns)
        .run();
    next_debate_ = at_end ? 0 : last;
    next_walk_s_ = at_end ? now_s + kSecondsBetweenWalks : next_walk_s_;
    more = more || !at_end;
  }
  transaction.commit();
  return more;
}

void Rollup::replace_by(Rollup& other) {
  stale_ = true;
  database_->replace_by(*other.database_);
  load_place();
}

}  // namespace aev::analytics
