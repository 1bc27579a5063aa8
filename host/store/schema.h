#pragma once

#include <filesystem>

#include "store/sqlite.h"
#include "store/store.h"

namespace aev::store {

/// Opens the database file for the writer: creates or migrates it forward, and sets WAL, the sync
/// mode and the cache. kCorrupt says what to do with a damaged file, kUnsupported that a newer
/// program wrote it; neither changes the file.
[[nodiscard]] Result<Connection> open_for_writing(const std::filesystem::path& file, SyncMode sync);

/// What commits of the writer's connection are worth from now on; not inside a transaction.
[[nodiscard]] Result<void> set_sync(Connection& connection, SyncMode sync);

/// Opens another connection to a database that open_for_writing() has prepared.
[[nodiscard]] Result<Connection> open_for_reading(const std::filesystem::path& file);

}  // namespace aev::store
