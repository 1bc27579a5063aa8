#include <fstream>
#include <random>
#include <sys/stat.h>

#include <catch2/catch.hpp>

#include "audit_verify.h"
#include "desk_fixture.h"
#include "signing_key.h"

namespace aev::security {
namespace {

using namespace testing;

/// Writes a trail of `events` events between `started` and `stopped`, with a checkpoint every ten.
void write_trail(const Folder& folder, int events, const std::string& audit = "") {
  sdk::FakeHost host(aev_plugin_entry, "desk");
  auto desk = host.create(
      "security", config(folder, R"("rules":[],"audit":{"checkpoint_entries":10)" + audit + "}"));
  desk.start();
  for (int i = 0; i < events; ++i) {
    desk.deliver({failure(static_cast<std::uint64_t>(i) + 1, "10.0.0.1", i)});
    REQUIRE(host.wait_settled(static_cast<std::size_t>(i) + 1));
  }
  REQUIRE(desk.stop());
}

AuditReport verify(const Folder& folder,
                   const std::optional<PublicKey>& key = std::nullopt,
                   const std::optional<SavedCheckpoint>& saved = std::nullopt) {
  Database database(folder.file("desk.db"), Database::Mode::kRead);
  return verify_audit(database, key, saved);
}

/// The first problem as "kind entry", or "intact".
std::string first_problem(const AuditReport& report) {
  return report.problems.empty()
             ? "intact"
             : report.problems[0].kind + " " + std::to_string(report.problems[0].entry);
}

TEST_CASE("a trail that nobody touched is intact", "[audit]") {
  const Folder folder;
  write_trail(folder, 30);
  const AuditReport report = verify(folder);
  CHECK(first_problem(report) == "intact");
  CHECK(report.entries == 32);
  CHECK(report.last_checkpoint == 32);
  CHECK(report.checkpoints == 4);
  REQUIRE(report.notes.size() == 1);  // the key is the file's own
}

TEST_CASE("any single change of any entry is found where it is", "[audit]") {
  const Folder folder;
  write_trail(folder, 12);
  const std::string file = folder.file("desk.db");
  const std::string kept = folder.file("kept.db");
  std::filesystem::copy_file(file, kept);
  for (int entry = 1; entry <= 14; ++entry) {
    const std::string at = std::to_string(entry);
    const auto after = [&](const std::string& sql) {
      std::filesystem::copy_file(kept, file, std::filesystem::copy_options::overwrite_existing);
      tamper(folder, sql);
      return verify(folder);
    };
    INFO("entry " << entry);
    // One byte of the body; a blank more; the hash.
    auto report = after(
        "UPDATE audit SET body = substr(body, 1, length(body) - 2) || 'x}' WHERE entry = " + at);
    CHECK(first_problem(report) == "changed " + at);
    CHECK(report.problem_count == 1);
    report = after("UPDATE audit SET body = body || ' ' WHERE entry = " + at);
    CHECK(first_problem(report) == "changed " + at);
    report = after("UPDATE audit SET hash = zeroblob(32) WHERE entry = " + at);
    CHECK(report.problem_count > 0);
    CHECK(report.problems[0].entry == static_cast<std::uint64_t>(entry));
    // Removed: alone, and with everything behind it.
    report = after("DELETE FROM audit WHERE entry = " + at);
    CHECK(first_problem(report) == (entry == 14 ? "truncated 14" : "removed " + at));
    report = after("DELETE FROM audit WHERE entry >= " + at);
    CHECK(first_problem(report) == "truncated " + at);
    // Another's body in its place.
    if (entry < 14) {
      const std::string next = std::to_string(entry + 1);
      report =
          after("CREATE TEMP TABLE t AS SELECT * FROM audit WHERE entry IN (" + at + "," + next +
                "); UPDATE audit SET body = (SELECT body FROM t WHERE t.entry = " + next +
                "), hash = (SELECT hash FROM t WHERE t.entry = " + next + ") WHERE entry = " + at +
                "; UPDATE audit SET body = (SELECT body FROM t WHERE t.entry = " + at +
                "), hash = (SELECT hash FROM t WHERE t.entry = " + at + ") WHERE entry = " + next);
      CHECK(first_problem(report) == "moved " + at);
    }
    // A copy put in between: every later one moves up.
    report = after("UPDATE audit SET entry = -entry WHERE entry >= " + at +
                   "; UPDATE audit SET entry = 1 - entry WHERE entry < 0;"
                   "INSERT INTO audit SELECT " +
                   at + ", body, hash FROM audit WHERE entry = " + std::to_string(entry + 1));
    CHECK(report.problem_count > 0);
    CHECK(report.problems[0].entry <= static_cast<std::uint64_t>(entry) + 1);
    CHECK(report.problems[0].entry >= static_cast<std::uint64_t>(entry));
  }
}

TEST_CASE("entries put behind the end, and a head that lies, are found", "[audit]") {
  const Folder folder;
  write_trail(folder, 5);
  SECTION("behind the end") {
    tamper(folder, R"(INSERT INTO audit VALUES (8, '{"entry":8,"kind":"event"}', zeroblob(32)))");
    CHECK(first_problem(verify(folder)) == "changed 8");
  }
  SECTION("the head") {
    tamper(folder, "UPDATE head SET entry = 9");
    CHECK(first_problem(verify(folder)) == "truncated 8");
  }
  SECTION("no head") {
    tamper(folder, "DELETE FROM head");
    CHECK(first_problem(verify(folder)) == "inserted 7");
  }
  SECTION("the end removed and the head made to fit") {
    tamper(folder,
           "DELETE FROM audit WHERE entry > 5; UPDATE head SET entry = 5, hash = (SELECT hash "
           "FROM audit WHERE entry = 5)");
    CHECK(first_problem(verify(folder)) == "truncated 6");  // a checkpoint was signed at 7
  }
  SECTION("everything removed") {
    tamper(folder, "DELETE FROM audit");
    CHECK(first_problem(verify(folder)) == "truncated 1");
  }
  SECTION("a checkpoint changed") {
    tamper(folder, "UPDATE checkpoints SET at = at + 1");
    CHECK(first_problem(verify(folder)) == "signature 7");
  }
  SECTION("the beginning removed") {
    tamper(folder, "DELETE FROM audit WHERE entry < 3");
    CHECK(first_problem(verify(folder)) == "removed 1");
  }
}

TEST_CASE("a trail rewritten as a whole does not fit the key", "[audit]") {
  const Folder folder;
  const Folder other;
  write_trail(folder, 5);
  write_trail(other, 5);
  const PublicKey key = SigningKey::open(folder.file("desk.db.key")).public_key();
  CHECK(first_problem(verify(folder, key)) == "intact");
  CHECK(verify(folder, key).notes.empty());
  CHECK(first_problem(verify(other, key)) == "signature 7");
  CHECK(PublicKey(key.compact()).pem() == key.pem());
}

TEST_CASE("a checkpoint kept elsewhere shows that the end was cut off", "[audit]") {
  const Folder folder;
  write_trail(folder, 25);
  sdk::FakeHost host(aev_plugin_entry, "desk");
  auto desk = host.create("security", config(folder));
  const std::string saved = desk.query("audit_checkpoint");
  CHECK(first_problem(verify(folder, std::nullopt, parse_checkpoint(saved))) == "intact");
  tamper(folder,
         "DELETE FROM audit WHERE entry > 20; DELETE FROM checkpoints WHERE entry > 20;"
         "UPDATE head SET entry = 20, hash = (SELECT hash FROM audit WHERE entry = 20)");
  CHECK(first_problem(verify(folder)) == "intact");
  CHECK(first_problem(verify(folder, std::nullopt, parse_checkpoint(saved))) == "truncated 21");
  CHECK_THROWS_AS(parse_checkpoint("{}"), std::invalid_argument);
  CHECK_THROWS_AS(desk.query("audit_verify", R"({"checkpoint":"[]"})"), sdk::ConfigError);
  CHECK_THROWS_AS(desk.query("audit_verify", R"({"public_key":"whpk_AA"})"), sdk::ConfigError);
}

TEST_CASE("the key is made once, for its owner alone", "[audit]") {
  const Folder folder;
  const std::string file = folder.file("k");
  const std::string made = SigningKey::open(file).public_key().pem();
  CHECK(SigningKey::open(file).public_key().pem() == made);

  struct stat status {};

  REQUIRE(stat(file.c_str(), &status) == 0);
  CHECK((status.st_mode & 0777) == 0600);
  chmod(file.c_str(), 0644);
  CHECK_THROWS_WITH(SigningKey::open(file), Catch::Contains("chmod 600"));
  std::ofstream(folder.file("bad")) << "nothing";
  chmod(folder.file("bad").c_str(), 0600);
  CHECK_THROWS_WITH(SigningKey::open(folder.file("bad")), Catch::Contains("openssl genpkey"));
  CHECK_THROWS_WITH(SigningKey::open("/nowhere/at/all"), Catch::Contains("/nowhere/at/all"));
}

}  // namespace
}  // namespace aev::security
