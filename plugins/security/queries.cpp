#include "queries.h"

#include <charconv>
#include <optional>

#include <Poco/DateTimeFormat.h>
#include <Poco/DateTimeParser.h>
#include <Poco/JSON/Object.h>
#include <Poco/JSON/Parser.h>
#include <Poco/Timestamp.h>
#include <simdjson.h>

#include "audit_verify.h"
#include "database.h"
#include "database_schema.h"

namespace aev::security {
namespace {

constexpr std::uint64_t kDefaultLimit = 100;
constexpr std::uint64_t kMostRows = 1000;

/// A query's parameters, all of them texts.
class Parameters {
 public:
  explicit Parameters(std::string_view json)
      : object_(Poco::JSON::Parser().parse(std::string(json)).extract<Poco::JSON::Object::Ptr>()) {}

  [[nodiscard]] std::string text(const std::string& name) const {
    return object_->optValue<std::string>(name, "");
  }

  [[nodiscard]] std::uint64_t number(const std::string& name, std::uint64_t fallback) const {
    const std::string given = text(name);
    if (given.empty()) {
      return fallback;
    }
    std::uint64_t value = 0;
    const auto [end, error] = std::from_chars(given.data(), given.data() + given.size(), value);
    if (error != std::errc() || end != given.data() + given.size()) {
      throw sdk::ConfigError("/" + name, "'" + given + "' is no number");
    }
    return value;
  }

  [[nodiscard]] std::uint64_t limit() const {
    const std::uint64_t given = number("limit", kDefaultLimit);
    if (given == 0 || given > kMostRows) {
      throw sdk::ConfigError("/limit", "limit is 1 to 1000");
    }
    return given;
  }

  [[nodiscard]] Severity min_severity() const {
    const std::string given = text("min_severity");
    const auto severity = given.empty() ? Severity::kInfo : parse_severity(given);
    if (!severity) {
      throw sdk::ConfigError("/min_severity",
                             "'" + given + "' is none of info, low, medium, high, critical");
    }
    return *severity;
  }

  [[nodiscard]] std::int64_t since() const {
    const std::string given = text("since");
    if (given.empty()) {
      return 0;
    }
    Poco::DateTime time;
    int zone = 0;
    const bool looks_like_one = given.size() >= 20 && given[4] == '-' && given[7] == '-' &&
                                (given[10] == 'T' || given[10] == ' ') &&
                                given.find_first_not_of("0123456789-:.+TZtz ") == std::string::npos;
    if (!looks_like_one || !Poco::DateTimeParser::tryParse(
                               Poco::DateTimeFormat::ISO8601_FRAC_FORMAT, given, time, zone)) {
      throw sdk::ConfigError("/since", "'" + given + "' is no time such as 2026-03-01T12:00:00Z");
    }
    time.makeUTC(zone);
    return time.timestamp().epochMicroseconds() * 1000;
  }

 private:
  Poco::JSON::Object::Ptr object_;
};

/// Pieces of an answer, written in blocks.
class Writer {
 public:
  explicit Writer(sdk::Answer answer) : answer_(answer) {}

  /// False once nobody wants more.
  bool add(std::string_view text) {
    buffer_.append(text);
    if (buffer_.size() >= 64 * 1024) {
      flush();
    }
    return wanted_;
  }

  void flush() {
    wanted_ = answer_.write(buffer_) && wanted_;
    buffer_.clear();
  }

 private:
  sdk::Answer answer_;
  std::string buffer_;
  bool wanted_ = true;
};

std::string json_string(std::string_view text) {
  std::string out;
  sdk::append_json_string(out, text);
  return out;
}

std::string meta(Database& database, std::string_view key) {
  Statement read(database, "SELECT value FROM meta WHERE key = ?");
  read.bind_text(1, key);
  return read.step() ? std::string(read.text(0)) : std::string();
}

void recent(Database& database, const Parameters& parameters, Writer& out) {
  const std::string type = parameters.text("event_type");
  const Severity floor = parameters.min_severity();
  const std::int64_t since = parameters.since();
  const std::uint64_t limit = parameters.limit();
  Statement rows(database, "SELECT body FROM audit ORDER BY entry DESC");
  simdjson::ondemand::parser parser;
  std::string padded;
  std::uint64_t found = 0;
  out.add("{\"events\":[");
  while (found < limit && rows.step()) {
    const std::string_view body = rows.text(0);
    if (!is_event_entry(body)) {
      continue;
    }
    padded.reserve(body.size() + simdjson::SIMDJSON_PADDING);
    padded.assign(body);
    auto document =
        parser.iterate(padded.data(), padded.size(), padded.size() + simdjson::SIMDJSON_PADDING);
    auto entry = document.get_object();
    const std::string_view its_type = entry["event_type"].get_string();
    if (!type.empty() && its_type != type) {
      continue;
    }
    const std::string_view its_severity = entry["severity"].get_string();
    if (parse_severity(its_severity).value_or(Severity::kInfo) < floor) {
      continue;
    }
    if (since != 0 && entry["received"].get_int64() < since) {
      continue;
    }
    out.add(found == 0 ? "" : ",");
    ++found;
    if (!out.add(body)) {
      return;
    }
  }
  out.add("]}");
}

void counts(Database& database, Writer& out) {
  Statement rows(database,
                 "SELECT event_type, severity, events FROM counts ORDER BY event_type, severity");
  std::int64_t total = 0;
  std::string separator;
  out.add("{\"counts\":[");
  while (rows.step()) {
    total += rows.number(2);
    out.add(separator + "{\"event_type\":" + json_string(rows.text(0)) + ",\"severity\":\"" +
            std::string(to_string(static_cast<Severity>(rows.number(1)))) +
            "\",\"events\":" + std::to_string(rows.number(2)) + "}");
    separator = ",";
  }
  out.add("],\"total\":" + std::to_string(total) + "}");
}

void alerts(Database& database,
            const Settings& settings,
            const Parameters& parameters,
            std::int64_t now,
            Writer& out) {
  const std::string all = parameters.text("all");
  const std::string rule = parameters.text("rule");
  Statement rows(database,
                 "SELECT body, time FROM alerts WHERE time >= ? AND severity >= ? AND (?3 = '' OR "
                 "rule = ?3) ORDER BY time DESC, entry DESC LIMIT ?");
  const bool every = all == "true" || all == "1";
  const std::int64_t active_since = now - settings.alert_life.count();
  rows.bind(1, every ? 0 : active_since)
      .bind(2, static_cast<std::int64_t>(parameters.min_severity()))
      .bind_text(3, rule)
      .bind(4, static_cast<std::int64_t>(parameters.limit()));
  std::string separator;
  out.add("{\"alerts\":[");
  while (rows.step()) {
    std::string body(rows.text(0));
    body.back() = ',';
    out.add(separator + body + "\"active\":" + (rows.number(1) >= active_since ? "true" : "false") +
            "}");
    separator = ",";
  }
  out.add("]}");
}

void audit_verify(Database& database, const Parameters& parameters, Writer& out) {
  std::optional<PublicKey> key;
  std::optional<SavedCheckpoint> saved;
  const auto read = [&](const std::string& name, const auto& parse) {
    if (const std::string given = parameters.text(name); !given.empty()) {
      try {
        parse(given);
      } catch (const std::invalid_argument& fault) {
        throw sdk::ConfigError("/" + name, name + ": " + fault.what());
      }
    }
  };
  read("public_key", [&](const std::string& given) { key = PublicKey(given); });
  read("checkpoint", [&](const std::string& given) { saved = parse_checkpoint(given); });
  const AuditReport report = verify_audit(database, key, saved);
  out.add("{\"intact\":" + std::string(report.problem_count == 0 ? "true" : "false") +
          ",\"entries\":" + std::to_string(report.entries) +
          ",\"first_entry\":" + std::to_string(report.first_entry) +
          ",\"last_entry\":" + std::to_string(report.last_entry) +
          ",\"checkpoints\":" + std::to_string(report.checkpoints) +
          ",\"last_checkpoint\":" + std::to_string(report.last_checkpoint) +
          ",\"problem_count\":" + std::to_string(report.problem_count) + ",\"problems\":[");
  std::string separator;
  for (const AuditProblem& problem : report.problems) {
    out.add(separator + "{\"entry\":" + std::to_string(problem.entry) + ",\"kind\":\"" +
            problem.kind + "\",\"problem\":" + json_string(problem.problem) + "}");
    separator = ",";
  }
  out.add("],\"notes\":[");
  separator.clear();
  for (const std::string& note : report.notes) {
    out.add(separator + json_string(note));
    separator = ",";
  }
  out.add("]}");
}

void audit_export(Database& database, const Parameters& parameters, Writer& out) {
  Statement rows(database, "SELECT body, hash FROM audit WHERE entry > ? ORDER BY entry LIMIT ?");
  rows.bind(1, static_cast<std::int64_t>(parameters.number("since", 0)))
      .bind(2, static_cast<std::int64_t>(parameters.number("limit", 100'000)));
  while (rows.step()) {
    if (!out.add("{\"hash\":\"" + to_hex(rows.text(1)) + "\",\"body\":") ||
        !out.add(std::string(rows.text(0)) + "}\n")) {
      return;
    }
  }
}

void audit_checkpoint(Database& database, Writer& out) {
  Statement row(database,
                "SELECT entry, at, hash, signature FROM checkpoints ORDER BY entry DESC LIMIT 1");
  if (!row.step()) {
    throw std::runtime_error("the audit trail has no checkpoint yet");
  }
  out.add(checkpoint_json(meta(database, "trail_id"), static_cast<std::uint64_t>(row.number(0)),
                          row.number(1), row.text(2), row.text(3)) +
          "\n");
}

}  // namespace

bool answer_query(const Settings& settings,
                  std::string_view name,
                  std::string_view parameters_json,
                  std::int64_t now_unix_ns,
                  sdk::Answer answer) {
  const Parameters parameters(parameters_json);
  const bool known = name == "recent" || name == "counts" || name == "alerts" ||
                     name == "audit_verify" || name == "audit_export" ||
                     name == "audit_checkpoint" || name == "public_key";
  if (!known) {
    return false;
  }
  Database database(settings.database, Database::Mode::kRead);
  Writer out(answer);
  if (name == "recent") {
    recent(database, parameters, out);
  } else if (name == "counts") {
    counts(database, out);
  } else if (name == "alerts") {
    alerts(database, settings, parameters, now_unix_ns, out);
  } else if (name == "audit_verify") {
    audit_verify(database, parameters, out);
  } else if (name == "audit_export") {
    answer.content_type("application/x-ndjson");
    audit_export(database, parameters, out);
  } else if (name == "audit_checkpoint") {
    audit_checkpoint(database, out);
  } else {
    answer.content_type("application/x-pem-file");
    out.add(meta(database, "public_key"));
  }
  out.flush();
  return true;
}

}  // namespace aev::security
