#include "store/sqlite.h"

#include <cerrno>
#include <utility>

#include <sqlite3.h>

namespace aev::store {
namespace {

constexpr int kBusyTimeoutMs = 10'000;

ErrorCode code_of(sqlite3* database, int result) {
  switch (result & 0xff) {
    case SQLITE_FULL:
      return ErrorCode::kFull;
    case SQLITE_CORRUPT:
    case SQLITE_NOTADB:
      return ErrorCode::kCorrupt;
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
      return ErrorCode::kBusy;
    case SQLITE_IOERR: {
      const int reason = sqlite3_system_errno(database);
      return reason == ENOSPC || reason == EDQUOT ? ErrorCode::kFull : ErrorCode::kIo;
    }
    default:
      return ErrorCode::kIo;
  }
}

Error describe(sqlite3* database, int result, std::string_view doing) {
  const char* const file = sqlite3_db_filename(database, "main");
  return Error{code_of(database, result),
               std::string(file == nullptr ? "the store" : file) + ": " + std::string(doing) +
                   ": " + sqlite3_errmsg(database),
               {}};
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

Statement& Statement::bind_text(int index, std::string_view value) {
  // A null pointer would bind NULL, which is not the empty text.
  const char* const text = value.data() == nullptr ? "" : value.data();
  sqlite3_bind_text64(statement_, index, text, value.size(), SQLITE_STATIC, SQLITE_UTF8);
  return *this;
}

Statement& Statement::bind_blob(int index, std::string_view value) {
  const char* const bytes = value.data() == nullptr ? "" : value.data();
  sqlite3_bind_blob64(statement_, index, bytes, value.size(), SQLITE_STATIC);
  return *this;
}

Result<bool> Statement::step() {
  const int result = sqlite3_step(statement_);
  if (result == SQLITE_ROW) {
    return true;
  }
  if (result == SQLITE_DONE) {
    return false;
  }
  Error error = describe(sqlite3_db_handle(statement_), result, sqlite3_sql(statement_));
  reset();
  return error;
}

Result<void> Statement::run() {
  const auto stepped = step();
  if (!stepped) {
    return stepped.error();
  }
  reset();
  return {};
}

void Statement::reset() {
  // What reset() returns is the failure of the last step, which step() has reported.
  sqlite3_reset(statement_);
}

std::int64_t Statement::integer(int column) const {
  return sqlite3_column_int64(statement_, column);
}

std::string_view Statement::bytes(int column) const {
  const void* const data = sqlite3_column_blob(statement_, column);
  const int size = sqlite3_column_bytes(statement_, column);
  return data == nullptr
             ? std::string_view()
             : std::string_view(static_cast<const char*>(data), static_cast<std::size_t>(size));
}

Result<Connection> Connection::open(const std::filesystem::path& file, OpenMode mode) {
  sqlite3* database = nullptr;
  const int flags = SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE |
                    (mode == OpenMode::kReadOnly ? SQLITE_OPEN_READONLY
                                                 : SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE);
  const int result = sqlite3_open_v2(file.c_str(), &database, flags, nullptr);
  Connection connection(database);
  if (result != SQLITE_OK) {
    return database == nullptr
               ? Error{ErrorCode::kIo, file.string() + ": cannot be opened: out of memory", {}}
               : describe(database, result, "cannot be opened");
  }
  sqlite3_busy_timeout(database, kBusyTimeoutMs);
  return connection;
}

Connection::Connection(Connection&& other) noexcept
    : database_(std::exchange(other.database_, nullptr)) {}

Connection& Connection::operator=(Connection&& other) noexcept {
  std::swap(database_, other.database_);
  return *this;
}

Connection::~Connection() {
  sqlite3_close_v2(database_);
}

Result<Statement> Connection::prepare(std::string_view sql) {
  sqlite3_stmt* statement = nullptr;
  const int result = sqlite3_prepare_v3(database_, sql.data(), static_cast<int>(sql.size()),
                                        SQLITE_PREPARE_PERSISTENT, &statement, nullptr);
  if (result != SQLITE_OK) {
    return describe(database_, result, sql);
  }
  return Statement(statement);
}

Result<void> Connection::execute(const std::string& sql) {
  const int result = sqlite3_exec(database_, sql.c_str(), nullptr, nullptr, nullptr);
  if (result != SQLITE_OK) {
    return describe(database_, result, sql);
  }
  return {};
}

Result<std::int64_t> Connection::query_integer(std::string_view sql) {
  AEV_ASSIGN(Statement statement, prepare(sql));
  AEV_ASSIGN(const bool row, statement.step());
  return row ? statement.integer(0) : std::int64_t{0};
}

std::int64_t Connection::last_insert_rowid() const {
  return sqlite3_last_insert_rowid(database_);
}

std::uint64_t Connection::changes() const {
  return static_cast<std::uint64_t>(sqlite3_changes64(database_));
}

bool Connection::in_transaction() const {
  return sqlite3_get_autocommit(database_) == 0;
}

void Connection::checkpoint(bool truncate) {
  // A busy checkpoint has done what it could; the next one goes on.
  sqlite3_wal_checkpoint_v2(database_, nullptr,
                            truncate ? SQLITE_CHECKPOINT_TRUNCATE : SQLITE_CHECKPOINT_PASSIVE,
                            nullptr, nullptr);
}

Result<Transaction> Transaction::begin(Connection& connection) {
  AEV_RETURN_IF_ERROR(connection.execute("BEGIN IMMEDIATE"));
  return Transaction(connection);
}

Transaction::~Transaction() {
  if (connection_ != nullptr && connection_->in_transaction()) {
    static_cast<void>(connection_->execute("ROLLBACK"));  // nothing can be done about a failure
  }
}

Result<void> Transaction::commit() {
  return connection_->execute("COMMIT");
}

}  // namespace aev::store
