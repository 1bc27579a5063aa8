#include "database.h"

#include <utility>

#include <sqlite3.h>

namespace aev::analytics {
namespace {

constexpr int kBusyTimeoutMs = 10'000;

[[noreturn]] void fail(sqlite3* database, int result, std::string_view doing) {
  const int kind = result & 0xff;
  const char* const file = database == nullptr ? nullptr : sqlite3_db_filename(database, "main");
  std::string message(file == nullptr || *file == '\0' ? "a temporary file" : file);
  message.append(": ").append(doing).append(": ");
  message += database == nullptr ? sqlite3_errstr(result) : sqlite3_errmsg(database);
  throw DatabaseError(kind == SQLITE_CORRUPT || kind == SQLITE_NOTADB ? DatabaseFault::kDamaged
                                                                      : DatabaseFault::kUnavailable,
                      message);
}

}  // namespace

Statement::Statement(Statement&& other) noexcept
    : statement_(std::exchange(other.statement_, nullptr)) {}

Statement& Statement::operator=(Statement&& other) noexcept {
  std::swap(statement_, other.statement_);
  return *this;
}

Statement::~Statement() {
  sqlite3_finalize(statement_);
}

Statement& Statement::bind(int index, std::int64_t value) {
  sqlite3_bind_int64(statement_, index, value);
  return *this;
}

Statement& Statement::bind(int index, double value) {
  sqlite3_bind_double(statement_, index, value);
  return *this;
}

Statement& Statement::bind(int index, std::string_view text) {
  // A null pointer would bind NULL, which is not the empty text.
  sqlite3_bind_text64(statement_, index, text.data() == nullptr ? "" : text.data(), text.size(),
                      SQLITE_STATIC, SQLITE_UTF8);
  return *this;
}

Statement& Statement::bind_blob(int index, std::string_view bytes) {
  sqlite3_bind_blob64(statement_, index, bytes.data() == nullptr ? "" : bytes.data(), bytes.size(),
                      SQLITE_STATIC);
  return *this;
}

Statement& Statement::bind_null(int index) {
  sqlite3_bind_null(statement_, index);
  return *this;
}

bool Statement::step() {
  const int result = sqlite3_step(statement_);
  if (result == SQLITE_ROW) {
    return true;
  }
  if (result == SQLITE_DONE) {
    return false;
  }
  sqlite3* const database = sqlite3_db_handle(statement_);
  try {
    fail(database, result, sqlite3_sql(statement_));
  } catch (...) {
    reset();
    throw;
  }
}

void Statement::run() {
  static_cast<void>(step());
  reset();
}

void Statement::reset() {
  // What reset() returns is the failure of the last step, which step() has thrown.
  sqlite3_reset(statement_);
}

bool Statement::is_null(int column) const {
  return sqlite3_column_type(statement_, column) == SQLITE_NULL;
}

std::int64_t Statement::integer(int column) const {
  return sqlite3_column_int64(statement_, column);
}

double Statement::real(int column) const {
  return sqlite3_column_double(statement_, column);
}

std::string_view Statement::text(int column) const {
  const void* const data = sqlite3_column_blob(statement_, column);
  const int size = sqlite3_column_bytes(statement_, column);
  return data == nullptr
             ? std::string_view()
             : std::string_view(static_cast<const char*>(data), static_cast<std::size_t>(size));
}

std::optional<std::int64_t> Statement::maybe_integer(int column) const {
  return is_null(column) ? std::nullopt : std::optional(integer(column));
}

std::optional<double> Statement::maybe_real(int column) const {
  return is_null(column) ? std::nullopt : std::optional(real(column));
}

std::optional<std::string> Statement::maybe_text(int column) const {
  return is_null(column) ? std::nullopt : std::optional(std::string(text(column)));
}

Database::Database(const std::string& file, OpenMode mode) : file_(file) {
  const int flags = SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE |
                    (mode == OpenMode::kReadOnly ? SQLITE_OPEN_READONLY
                                                 : SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE);
  const int result = sqlite3_open_v2(file.c_str(), &database_, flags, nullptr);
  if (result != SQLITE_OK) {
    const std::string why =
        database_ == nullptr ? sqlite3_errstr(result) : sqlite3_errmsg(database_);
    sqlite3_close_v2(database_);
    throw DatabaseError(DatabaseFault::kUnavailable, file + ": cannot be opened: " + why);
  }
  sqlite3_busy_timeout(database_, kBusyTimeoutMs);
}

Database::~Database() {
  sqlite3_close_v2(database_);
}

Statement Database::prepare(std::string_view sql) {
  sqlite3_stmt* statement = nullptr;
  const int result = sqlite3_prepare_v3(database_, sql.data(), static_cast<int>(sql.size()),
                                        SQLITE_PREPARE_PERSISTENT, &statement, nullptr);
  if (result != SQLITE_OK) {
    fail(database_, result, sql);
  }
  return Statement(statement);
}

void Database::execute(const std::string& sql) {
  const int result = sqlite3_exec(database_, sql.c_str(), nullptr, nullptr, nullptr);
  if (result != SQLITE_OK) {
    fail(database_, result, sql);
  }
}

std::int64_t Database::integer(std::string_view sql) {
  Statement statement = prepare(sql);
  return statement.step() ? statement.integer(0) : 0;
}

std::int64_t Database::changes() const {
  return sqlite3_changes64(database_);
}

std::int64_t Database::last_insert_rowid() const {
  return sqlite3_last_insert_rowid(database_);
}

bool Database::in_transaction() const {
  return sqlite3_get_autocommit(database_) == 0;
}

void Database::replace_by(Database& source) {
  sqlite3_backup* const backup = sqlite3_backup_init(database_, "main", source.database_, "main");
  if (backup == nullptr) {
    fail(database_, sqlite3_errcode(database_), "replacing the content");
  }
  const int stepped = sqlite3_backup_step(backup, -1);
  const int finished = sqlite3_backup_finish(backup);
  if (stepped != SQLITE_DONE) {
    fail(database_, finished == SQLITE_OK ? stepped : finished, "replacing the content");
  }
}

Transaction::Transaction(Database& database) : database_(database) {
  database_.execute("BEGIN IMMEDIATE");
}

Transaction::~Transaction() {
  if (database_.in_transaction()) {
    try {
      database_.execute("ROLLBACK");
    } catch (const DatabaseError&) {
      // The failure that led here is on its way up; SQLite rolls back when it opens the file next.
    }
  }
}

void Transaction::commit() {
  database_.execute("COMMIT");
}

}  // namespace aev::analytics
