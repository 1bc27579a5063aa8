#include "audit_verify.h"

#include <charconv>

namespace aev::security {
namespace {

/// The number that an entry says it has; 0 if it says none.
std::uint64_t number_of(std::string_view body) {
  constexpr std::string_view kHead = "{\"entry\":";
  std::uint64_t number = 0;
  if (body.starts_with(kHead)) {
    std::from_chars(body.data() + kHead.size(), body.data() + body.size(), number);
  }
  return number;
}

std::string meta(Database& database, std::string_view key) {
  Statement read(database, "SELECT value FROM meta WHERE key = ?");
  read.bind_text(1, key);
  return read.step() ? std::string(read.text(0)) : std::string();
}

std::string number(std::uint64_t value) {
  return std::to_string(value);
}

class Verifier {
 public:
  Verifier(Database& database, PublicKey key, const std::optional<SavedCheckpoint>& saved)
      : database_(database),
        key_(std::move(key)),
        saved_(saved),
        trail_id_(meta(database, "trail_id")),
        checkpoints_(database,
                     "SELECT entry, at, hash, signature FROM checkpoints ORDER BY entry") {}

  AuditReport run() {
    has_checkpoint_ = next_checkpoint();
    Statement rows(database_, "SELECT entry, body, hash FROM audit ORDER BY entry");
    while (rows.step()) {
      look_at(static_cast<std::uint64_t>(rows.number(0)), rows.text(1), rows.text(2));
    }
    finish_pending();
    look_at_end();
    return std::move(report_);
  }

 private:
  void report(std::uint64_t entry, const char* kind, std::string problem) {
    ++report_.problem_count;
    if (report_.problems.size() < kMostProblems) {
      report_.problems.push_back({entry, kind, std::move(problem)});
    }
  }

  bool next_checkpoint() {
    if (!checkpoints_.step()) {
      return false;
    }
    ++report_.checkpoints;
    const auto entry = static_cast<std::uint64_t>(checkpoints_.number(0));
    report_.last_checkpoint = entry;
    if (!key_.verifies(
            checkpoint_message(trail_id_, entry, checkpoints_.number(1), checkpoints_.text(2)),
            checkpoints_.text(3))) {
      report(entry, "signature",
             "the checkpoint at entry " + number(entry) +
                 " is not signed by the key: it was changed, or made with another key");
    }
    return true;
  }

  /// The first row: entry 1, or the one behind what was pruned.
  void begin(std::uint64_t entry) {
    report_.first_entry = entry;
    expected_ = 1;
    const Hash first = first_hash(trail_id_);
    last_hash_ = view(first);
    if (entry == 1) {
      return;
    }
    const auto at = has_checkpoint_ ? static_cast<std::uint64_t>(checkpoints_.number(0)) : 0;
    if (at + 1 == entry) {
      pruned_upto_ = at;
      expected_ = entry;
      last_hash_ = checkpoints_.text(2);
      has_checkpoint_ = next_checkpoint();
    }
  }

  void look_at(std::uint64_t entry, std::string_view body, std::string_view hash) {
    if (report_.entries++ == 0) {
      begin(entry);
    }
    bool follows = true;
    if (entry != expected_) {
      follows = false;
      report(expected_, entry > expected_ ? "removed" : "inserted",
             entry > expected_ + 1 ? "entries " + number(expected_) + " to " + number(entry - 1) +
                                         " are missing: they were removed"
             : entry > expected_
                 ? "entry " + number(expected_) + " is missing: it was removed"
                 : "an entry " + number(entry) + " is where none belongs: it was inserted");
      skip_checkpoints(entry);
    }
    const std::uint64_t claimed = number_of(body);
    const Hash computed = sha_.of(last_hash_, body);
    const bool linked = view(computed) == hash;
    if (pending_) {
      // The entry before did not fit. If this one follows its hash, only its body was touched.
      const bool by_stored = linked;
      const bool by_computed = sha_.of(view(pending_hash_), body) == to_hash(hash);
      resolve(by_stored, by_computed);
    }
    if (claimed != entry) {
      report(entry, "moved",
             "entry " + number(entry) + " says that it is number " + number(claimed) +
                 ": it was moved, or put in another's place");
    } else if (follows && !linked && !ignore_link_) {
      pending_ = entry;
      pending_hash_ = computed;
    }
    // What follows an entry out of place hangs on the one whose place it took.
    ignore_link_ = claimed != entry;
    if (body.substr(0, 64).find(",\"kind\":\"pruned\"") != std::string_view::npos) {
      note_pruned(body);
    }
    last_hash_ = hash;
    expected_ = entry + 1;
    report_.last_entry = entry;
    check_point(entry, hash);
  }

  static Hash to_hash(std::string_view bytes) {
    Hash hash{};
    if (bytes.size() == hash.size()) {
      std::copy(bytes.begin(), bytes.end(), reinterpret_cast<char*>(hash.data()));
    }
    return hash;
  }

  /// Says what happened to the entry that did not fit, now that the next one is known.
  void resolve(bool by_stored, bool by_computed) {
    const std::uint64_t entry = pending_;
    pending_ = 0;
    if (by_stored) {
      report(entry, "changed",
             "entry " + number(entry) + " is not what was written: it was changed, or the entry " +
                 "before it was replaced together with its hash");
    } else if (by_computed) {
      report(entry, "changed", "the hash of entry " + number(entry) + " was changed");
      ignore_link_ = true;
    } else {
      report(entry, "changed",
             "entry " + number(entry) + " and its hash do not follow from what is before it");
    }
  }

  void finish_pending() {
    if (pending_ != 0) {
      resolve(true, false);
    }
  }

  /// Checkpoints of entries that are not there any more.
  void skip_checkpoints(std::uint64_t entry) {
    while (has_checkpoint_ && static_cast<std::uint64_t>(checkpoints_.number(0)) < entry) {
      has_checkpoint_ = next_checkpoint();
    }
  }

  void check_point(std::uint64_t entry, std::string_view hash) {
    if (saved_ && saved_->entry == entry) {
      saved_seen_ = true;
      if (saved_->hash != hash) {
        report(entry, "unlinked",
               "entry " + number(entry) +
                   " is another one than in the saved checkpoint: the trail up to there was "
                   "rewritten");
      }
    }
    skip_checkpoints(entry);
    if (!has_checkpoint_ || static_cast<std::uint64_t>(checkpoints_.number(0)) != entry) {
      return;
    }
    if (pending_ == entry && checkpoints_.text(2) == view(pending_hash_)) {
      // What was signed is what the entry should have: only its hash was touched.
      resolve(false, true);
      last_good_ = entry;
    } else if (checkpoints_.text(2) != hash) {
      report(last_good_ + 1, "unlinked",
             "the chain at entry " + number(entry) + " is not the one that was signed: entries " +
                 number(last_good_ + 1) + " to " + number(entry) + " were rewritten in part");
    } else {
      last_good_ = entry;
    }
    has_checkpoint_ = next_checkpoint();
  }

  void note_pruned(std::string_view body) {
    constexpr std::string_view kUpto = "\"upto\":";
    const std::size_t at = body.rfind(kUpto);
    if (at != std::string_view::npos) {
      std::from_chars(body.data() + at + kUpto.size(), body.data() + body.size(), pruned_said_);
    }
  }

  void look_at_end() {
    const std::uint64_t last = report_.last_entry;
    if (pruned_upto_ != 0 && pruned_said_ != pruned_upto_) {
      report(1, "removed",
             "entries 1 to " + number(pruned_upto_) +
                 " are missing, and no entry says that they were pruned");
    }
    Statement head(database_, "SELECT entry, hash FROM head");
    const bool has_head = head.step();
    const std::uint64_t said = has_head ? static_cast<std::uint64_t>(head.number(0)) : 0;
    if (has_head && said > last) {
      report(last + 1, "truncated",
             "the trail ended at entry " + number(said) + ": entries " + number(last + 1) +
                 " and later were removed");
    } else if (!has_head || said < last || (report_.entries > 0 && head.text(1) != last_hash_)) {
      report(last, "inserted",
             "the trail's own head names entry " + number(said) + ", not entry " + number(last) +
                 " with its hash: the end was changed");
    }
    if (has_checkpoint_ && static_cast<std::uint64_t>(checkpoints_.number(0)) > last) {
      report(last + 1, "truncated",
             "a checkpoint was signed at entry " +
                 number(static_cast<std::uint64_t>(checkpoints_.number(0))) +
                 ", the trail ends at " + number(last));
    }
    if (saved_) {
      look_at_saved(last);
    }
    if (report_.last_checkpoint < last) {
      report_.notes.push_back("entries " + number(report_.last_checkpoint + 1) + " to " +
                              number(last) +
                              " are not signed yet: whoever can write to the file could have "
                              "rewritten them");
    }
  }

  void look_at_saved(std::uint64_t last) {
    if (saved_->trail_id != trail_id_) {
      report(1, "unlinked", "the saved checkpoint is of another trail: this one was made anew");
    } else if (!key_.verifies(checkpoint_message(saved_->trail_id, saved_->entry,
                                                 saved_->at_unix_ns, saved_->hash),
                              saved_->signature)) {
      report(saved_->entry, "signature", "the saved checkpoint is not signed by the key");
    } else if (saved_->entry > last) {
      report(last + 1, "truncated",
             "the saved checkpoint is of entry " + number(saved_->entry) + ", the trail ends at " +
                 number(last) + ": its end was removed");
    } else if (!saved_seen_ && saved_->entry != pruned_upto_) {
      if (saved_->entry >= report_.first_entry) {
        report(saved_->entry, "removed",
               "entry " + number(saved_->entry) + " of the saved checkpoint is missing");
      } else {
        report_.notes.emplace_back(
            "the saved checkpoint is older than the oldest entry that was kept, so it shows "
            "nothing");
      }
    }
  }

  Database& database_;
  const PublicKey key_;
  const std::optional<SavedCheckpoint>& saved_;
  const std::string trail_id_;
  Statement checkpoints_;
  bool has_checkpoint_ = false;
  Sha256 sha_;
  AuditReport report_;
  std::uint64_t expected_ = 1;
  std::string last_hash_;
  std::uint64_t pending_ = 0;  // an entry whose hash does not fit; the next one tells more
  Hash pending_hash_{};        // what it should be
  bool ignore_link_ = false;
  std::uint64_t last_good_ = 0;  // the last checkpoint that fits
  std::uint64_t pruned_upto_ = 0;
  std::uint64_t pruned_said_ = 0;
  bool saved_seen_ = false;
};

}  // namespace

AuditReport verify_audit(Database& database,
                         const std::optional<PublicKey>& trusted,
                         const std::optional<SavedCheckpoint>& saved) {
  database.run("BEGIN");  // one view of the file, whatever is written meanwhile
  const PublicKey own(meta(database, "public_key"));
  AuditReport report = Verifier(database, trusted.value_or(own), saved).run();
  if (!trusted) {
    report.notes.insert(report.notes.begin(),
                        "the signatures were checked with the key that the file itself names; "
                        "whoever can rewrite the file can rewrite that too: give --public-key");
  }
  database.run("COMMIT");
  return report;
}

}  // namespace aev::security
