#include "loader/library_use.h"

#include <map>
#include <optional>
#include <string>
#include <sys/stat.h>

#include "core/mutex.h"
#include "loader/entry_check.h"
#include "loader/guarded_call.h"
#include "loader/library_file.h"

namespace aev::loader {
namespace {

/// Tells whether a file is still the one that it was.
struct FileIdentity {
  std::uint64_t device = 0;
  std::uint64_t inode = 0;
  std::uint64_t bytes = 0;
  std::int64_t modified_ns = 0;

  bool operator==(const FileIdentity&) const = default;
};

/// All zero for a file that cannot be examined.
FileIdentity identify(const std::filesystem::path& file) {
  struct stat info {};

  if (::stat(file.c_str(), &info) != 0) {
    return {};
  }
  return {info.st_dev, info.st_ino, static_cast<std::uint64_t>(info.st_size),
          std::int64_t{info.st_mtim.tv_sec} * 1'000'000'000 + info.st_mtim.tv_nsec};
}

/// How many uses each library has, and which files were mapped. It belongs to the process, as the
/// mapped libraries do, hence the one static object of this layer; it is never destroyed because
/// abandoned threads may outlive main.
struct Uses {
  Mutex mutex;
  std::map<const aev_entry*, unsigned> counts AEV_GUARDED_BY(mutex);
  std::map<const aev_entry*, FileIdentity> mapped AEV_GUARDED_BY(mutex);
};

Uses& uses() {
  static Uses* const all = new Uses;
  return *all;
}

Result<void> initialise(const aev_entry& entry, const std::filesystem::path& file) {
  if (entry.init == nullptr) {
    return {};
  }
  aev_error error = new_plugin_error();
  aev_status status = AEV_OK;
  if (auto thrown = guarded_call([&] { status = entry.init(file.c_str(), &error); })) {
    return Error{ErrorCode::kInvalid, "init() " + *thrown + ": report this to its vendor", {}};
  }
  if (status != AEV_OK) {
    Error refused = to_error(error, ErrorCode::kInvalid,
                             "no reason given (status " + std::to_string(status) + ")");
    refused.message = "refuses to initialise: " + refused.message;
    return refused;
  }
  return {};
}

}  // namespace

Result<std::shared_ptr<const LibraryUse>> LibraryUse::open(const std::filesystem::path& file) {
  const FileIdentity identity = identify(file);
  AEV_ASSIGN(const aev_entry* const symbol, open_library_file(file));
  AEV_ASSIGN(const aev_entry entry, check_entry(*symbol));
  bool changed = false;
  {
    // init() may take a while, but nobody else may use the library before it is done.
    MutexLock lock(uses().mutex);
    auto& counts = uses().counts;
    if (const auto found = counts.find(symbol); found != counts.end()) {
      ++found->second;
    } else {
      AEV_RETURN_IF_ERROR(initialise(entry, file));
      counts.emplace(symbol, 1);
    }
    changed = uses().mapped.try_emplace(symbol, identity).first->second != identity;
  }
  std::shared_ptr<LibraryUse> use(new LibraryUse(symbol, entry));
  use->info_.path = file;
  use->info_.changed_since_loaded = changed;
  use->info_.abi_major = entry.abi_major;
  use->info_.abi_minor = entry.abi_minor;
  AEV_ASSIGN(use->info_.types, read_types(entry));
  return std::shared_ptr<const LibraryUse>(std::move(use));
}

LibraryUse::~LibraryUse() {
  MutexLock lock(uses().mutex);
  auto& counts = uses().counts;
  const auto found = counts.find(symbol_);
  if (--found->second != 0) {
    return;
  }
  counts.erase(found);
  if (entry_.deinit != nullptr) {
    // Whatever deinit() throws, the library is not called again and there is nothing left to undo.
    [[maybe_unused]] const auto thrown = guarded_call([&] { entry_.deinit(); });
  }
}

}  // namespace aev::loader
