#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "database.h"

namespace aev::analytics {

/// Version of the tables that this plugin writes.
inline constexpr std::int64_t kSchemaVersion = 1;

/// Opens the rollup for writing and makes or migrates its tables; every commit is synced. Throws
/// DatabaseError, or std::runtime_error with what to do if the file belongs to another program or
/// was written by a newer version; it is left as it was then.
[[nodiscard]] std::unique_ptr<Database> open_rollup(const std::string& file);

/// Throws what open_rollup() would, or that the file cannot be written, and changes nothing.
void probe_rollup(const std::string& file);

/// An empty rollup in a temporary file of SQLite's own, which is gone when it is closed, even by a
/// crash.
[[nodiscard]] std::unique_ptr<Database> open_scratch();

/// What to do about a damaged file, after the words of SQLite.
[[nodiscard]] std::string explain_damage(const std::string& file, const std::string& fault);

/// Opens the rollup for a query. Throws std::runtime_error if there is none.
[[nodiscard]] std::unique_ptr<Database> open_for_reading(const std::string& file);

}  // namespace aev::analytics
