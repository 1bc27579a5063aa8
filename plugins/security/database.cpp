#include "database.h"

#include <sys/stat.h>
#include <utility>

#include <sqlite3.h>

namespace aev::security {
namespace {

std::string reason(sqlite3* db) {
  const int code = db == nullptr ? SQLITE_NOMEM : sqlite3_errcode(db);
  std::string text = db == nullptr ? "out of memory" : sqlite3_errmsg(db);
  switch (code) {
    case SQLITE_FULL:
      return text + ": free some room on the disk";
    case SQLITE_CANTOPEN:
    case SQLITE_PERM:
    case SQLITE_READONLY:
      return text + ": is the folder there, and may the host's account write to it?";
    case SQLITE_CORRUPT:
    case SQLITE_NOTADB:
      return text + ": keep the file as evidence, and restore it from a backup or name another one";
    case SQLITE_BUSY:
      return text + ": is it used by another subscriber or host?";
    default:
      return text;
  }
}

}  // namespace

Database::Database(const std::string& file, Mode mode) {
  const auto exists = [](const std::string& name) {
    struct stat status {};
    return stat(name.c_str(), &status) == 0;
  };
  if (mode == Mode::kRead && !exists(file)) {
    throw std::runtime_error("there is no " + file + " yet: the subscriber has never run");
  }
  const int flags = mode == Mode::kWrite ? SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE
                                         : SQLITE_OPEN_READONLY | SQLITE_OPEN_URI;
  std::string name = file;
  if (mode == Mode::kRead && !exists(file + "-wal")) {
    // Nothing is being written, so that not even the shared memory of the log is needed.
    name = "file:";
    for (const char c : file) {
      if (c == '?' || c == '#' || c == '%') {
        char escaped[4];
        sqlite3_snprintf(sizeof escaped, escaped, "%%%02x", static_cast<unsigned char>(c));
        name += escaped;
      } else {
        name += c;
      }
    }
    name += "?immutable=1";
  }
  if (sqlite3_open_v2(name.c_str(), &db_, flags | SQLITE_OPEN_NOMUTEX, nullptr) != SQLITE_OK) {
    const std::string why = reason(db_);
    sqlite3_close(db_);
    throw DatabaseError(file + " cannot be opened: " + why);
  }
  sqlite3_busy_timeout(db_, 5000);
  sqlite3_extended_result_codes(db_, 0);
}

Database::~Database() {
  sqlite3_close(db_);
}

void Database::run(const char* sql) {
  if (sqlite3_exec(db_, sql, nullptr, nullptr, nullptr) != SQLITE_OK) {
    throw DatabaseError(std::string(sql).substr(0, 60) + ": " + reason(db_));
  }
}

std::int64_t Database::changes() const {
  return sqlite3_changes64(db_);
}

Statement::Statement(Database& database, std::string_view sql) : database_(database) {
  const int code = sqlite3_prepare_v3(database.raw(), sql.data(), static_cast<int>(sql.size()),
                                      SQLITE_PREPARE_PERSISTENT, &statement_, nullptr);
  check(code, "a statement");
}

Statement::~Statement() {
  sqlite3_finalize(statement_);
}

Statement::Statement(Statement&& other) noexcept
    : database_(other.database_), statement_(std::exchange(other.statement_, nullptr)) {}

void Statement::check(int code, const char* what) const {
  if (code != SQLITE_OK) {
    throw DatabaseError(std::string(what) + ": " + reason(database_.raw()));
  }
}

Statement& Statement::bind(int index, std::int64_t value) {
  check(sqlite3_bind_int64(statement_, index, value), "binding a number");
  return *this;
}

Statement& Statement::bind_text(int index, std::string_view text) {
  check(sqlite3_bind_text64(statement_, index, text.data() == nullptr ? "" : text.data(),
                            text.size(), SQLITE_STATIC, SQLITE_UTF8),
        "binding a text");
  return *this;
}

Statement& Statement::bind_bytes(int index, std::string_view bytes) {
  check(sqlite3_bind_blob64(statement_, index, bytes.data() == nullptr ? "" : bytes.data(),
                            bytes.size(), SQLITE_STATIC),
        "binding bytes");
  return *this;
}

bool Statement::step() {
  const int code = sqlite3_step(statement_);
  if (code == SQLITE_ROW) {
    return true;
  }
  if (code != SQLITE_DONE) {
    const std::string why = reason(database_.raw());
    sqlite3_reset(statement_);
    throw DatabaseError("the security database: " + why);
  }
  return false;
}

void Statement::run() {
  static_cast<void>(step());
  sqlite3_reset(statement_);
}

void Statement::reset() {
  sqlite3_reset(statement_);
}

std::int64_t Statement::number(int column) const {
  return sqlite3_column_int64(statement_, column);
}

std::string_view Statement::text(int column) const {
  const auto* bytes = static_cast<const char*>(sqlite3_column_blob(statement_, column));
  const int size = sqlite3_column_bytes(statement_, column);
  return bytes == nullptr ? std::string_view()
                          : std::string_view(bytes, static_cast<std::size_t>(size));
}

}  // namespace aev::security
