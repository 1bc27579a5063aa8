#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>

#include "core/result.h"

struct sqlite3;
struct sqlite3_stmt;

namespace aev::store {

/// A prepared statement. Confined to the thread that uses its Connection. Binding refers to the
/// caller's bytes until the next reset().
class Statement {
 public:
  Statement() = default;
  Statement(Statement&& other) noexcept;
  Statement& operator=(Statement&& other) noexcept;
  ~Statement();

  Statement& bind(int index, std::int64_t value);
  Statement& bind_text(int index, std::string_view value);
  Statement& bind_blob(int index, std::string_view value);

  /// True if there is a row to read.
  [[nodiscard]] Result<bool> step();
  /// step() for a statement that returns no rows, then reset().
  [[nodiscard]] Result<void> run();
  void reset();

  [[nodiscard]] std::int64_t integer(int column) const;
  /// Valid until the next step() or reset().
  [[nodiscard]] std::string_view bytes(int column) const;

 private:
  friend class Connection;

  explicit Statement(sqlite3_stmt* statement) : statement_(statement) {}

  sqlite3_stmt* statement_ = nullptr;
};

enum class OpenMode : std::uint8_t { kReadWrite, kReadOnly };

/// An open database. Confined to one thread at a time; outlives its statements.
class Connection {
 public:
  [[nodiscard]] static Result<Connection> open(const std::filesystem::path& file, OpenMode mode);
  Connection(Connection&& other) noexcept;
  Connection& operator=(Connection&& other) noexcept;
  ~Connection();

  [[nodiscard]] Result<Statement> prepare(std::string_view sql);
  /// Runs statements that return nothing of interest.
  [[nodiscard]] Result<void> execute(const std::string& sql);
  /// First column of the first row.
  [[nodiscard]] Result<std::int64_t> query_integer(std::string_view sql);
  [[nodiscard]] std::int64_t last_insert_rowid() const;
  /// Rows that the last statement changed.
  [[nodiscard]] std::uint64_t changes() const;
  [[nodiscard]] bool in_transaction() const;

  /// Copies what the WAL holds into the database. A truncating checkpoint waits for readers up to
  /// the busy time-out and empties the file; a passive one takes what it can and blocks nobody.
  void checkpoint(bool truncate);

 private:
  explicit Connection(sqlite3* database) : database_(database) {}

  sqlite3* database_ = nullptr;
};

/// Rolls back at the end of its scope unless commit() succeeded.
class Transaction {
 public:
  [[nodiscard]] static Result<Transaction> begin(Connection& connection);

  Transaction(Transaction&& other) noexcept
      : connection_(std::exchange(other.connection_, nullptr)) {}

  Transaction& operator=(Transaction&&) = delete;
  ~Transaction();

  [[nodiscard]] Result<void> commit();

 private:
  explicit Transaction(Connection& connection) : connection_(&connection) {}

  Connection* connection_;
};

}  // namespace aev::store
