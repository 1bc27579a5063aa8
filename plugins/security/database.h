#pragma once

#include <cstdint>
#include <stdexcept>
#include <string>
#include <string_view>

struct sqlite3;
struct sqlite3_stmt;

namespace aev::security {

/// What SQLite refuses; the text says what was tried and why it failed.
class DatabaseError : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

/// A connection. Confined to one thread at a time.
class Database {
 public:
  enum class Mode : std::uint8_t { kWrite, kRead };

  /// Throws DatabaseError with what to do about it. kRead: std::runtime_error if there is no file.
  Database(const std::string& file, Mode mode);
  ~Database();
  Database(const Database&) = delete;
  Database& operator=(const Database&) = delete;

  void run(const char* sql);
  /// Number of rows that the last statement changed.
  [[nodiscard]] std::int64_t changes() const;

  [[nodiscard]] sqlite3* raw() const { return db_; }

 private:
  sqlite3* db_ = nullptr;
};

/// A prepared statement. Bound texts must live until step() or reset().
class Statement {
 public:
  Statement(Database& database, std::string_view sql);
  ~Statement();
  Statement(Statement&& other) noexcept;
  Statement(const Statement&) = delete;
  Statement& operator=(const Statement&) = delete;
  Statement& operator=(Statement&&) = delete;

  Statement& bind(int index, std::int64_t value);
  Statement& bind_text(int index, std::string_view text);
  Statement& bind_bytes(int index, std::string_view bytes);

  /// True while there is a row.
  bool step();
  /// To the end, for a statement without rows; then it may be bound anew.
  void run();
  void reset();

  [[nodiscard]] std::int64_t number(int column) const;
  /// Valid until the next step().
  [[nodiscard]] std::string_view text(int column) const;

 private:
  void check(int code, const char* what) const;

  Database& database_;
  sqlite3_stmt* statement_ = nullptr;
};

}  // namespace aev::security
