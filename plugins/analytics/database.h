#pragma once

#include <cstdint>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>

struct sqlite3;
struct sqlite3_stmt;

namespace aev::analytics {

enum class DatabaseFault : std::uint8_t {
  kUnavailable,  ///< disk full, locked, I/O: may pass
  kDamaged,      ///< the file is not what SQLite wrote
};

/// A failure of SQLite; the text names the file and what was being done.
class DatabaseError : public std::runtime_error {
 public:
  DatabaseError(DatabaseFault fault, const std::string& message)
      : std::runtime_error(message), fault_(fault) {}

  [[nodiscard]] DatabaseFault fault() const noexcept { return fault_; }

 private:
  DatabaseFault fault_;
};

/// A prepared statement. Confined to the thread that uses its Database. Bound texts are the
/// caller's until the next reset(). Every function throws DatabaseError.
class Statement {
 public:
  Statement() = default;

  explicit Statement(sqlite3_stmt* statement) : statement_(statement) {}

  Statement(const Statement&) = delete;
  Statement(Statement&& other) noexcept;
  Statement& operator=(Statement&& other) noexcept;
  ~Statement();

  Statement& bind(int index, std::int64_t value);
  Statement& bind(int index, double value);
  Statement& bind(int index, std::string_view text);
  Statement& bind_blob(int index, std::string_view bytes);
  Statement& bind_null(int index);

  template <typename T>
  Statement& bind(int index, const std::optional<T>& value) {
    return value ? bind(index, *value) : bind_null(index);
  }

  /// True if there is a row to read.
  [[nodiscard]] bool step();
  /// step() for a statement that returns no rows, then reset().
  void run();
  void reset();

  [[nodiscard]] bool is_null(int column) const;
  [[nodiscard]] std::int64_t integer(int column) const;
  [[nodiscard]] double real(int column) const;
  /// Valid until the next step() or reset().
  [[nodiscard]] std::string_view text(int column) const;

  [[nodiscard]] std::optional<std::int64_t> maybe_integer(int column) const;
  [[nodiscard]] std::optional<double> maybe_real(int column) const;
  [[nodiscard]] std::optional<std::string> maybe_text(int column) const;

 private:
  sqlite3_stmt* statement_ = nullptr;
};

enum class OpenMode : std::uint8_t { kReadWrite, kReadOnly };

/// An open SQLite file. Confined to one thread at a time; outlives its statements. Every function
/// throws DatabaseError.
class Database {
 public:
  Database(const std::string& file, OpenMode mode);
  Database(const Database&) = delete;
  Database& operator=(const Database&) = delete;
  ~Database();

  [[nodiscard]] Statement prepare(std::string_view sql);
  /// Runs statements that return nothing of interest.
  void execute(const std::string& sql);
  /// First column of the first row; 0 if there is none.
  [[nodiscard]] std::int64_t integer(std::string_view sql);
  /// Rows that the last statement changed.
  [[nodiscard]] std::int64_t changes() const;
  [[nodiscard]] std::int64_t last_insert_rowid() const;
  [[nodiscard]] bool in_transaction() const;

  /// Replaces everything in here by the content of `source`, in one transaction: readers see
  /// either all of the old or all of the new.
  void replace_by(Database& source);

  [[nodiscard]] const std::string& file() const { return file_; }

 private:
  const std::string file_;
  sqlite3* database_ = nullptr;
};

/// Rolls back at the end of its scope unless commit() succeeded.
class Transaction {
 public:
  explicit Transaction(Database& database);
  Transaction(const Transaction&) = delete;
  Transaction& operator=(const Transaction&) = delete;
  ~Transaction();

  void commit();

 private:
  Database& database_;
};

}  // namespace aev::analytics
