#pragma once

#include <filesystem>
#include <memory>
#include <vector>

#include "core/mutex.h"
#include "store/event_rows.h"
#include "store/sqlite.h"

namespace aev::store {

/// A few read connections that callers borrow. Thread-safe; lease() blocks while all are lent.
class ReadPool {
 public:
  struct Reader {
    Connection connection;
    EventReader events;
  };

  [[nodiscard]] static Result<std::unique_ptr<ReadPool>> open(const std::filesystem::path& file,
                                                              std::size_t count);

  /// Gives the reader back at the end of its scope.
  class Lease {
   public:
    Lease(ReadPool& pool, Reader& reader) : pool_(pool), reader_(reader) {}

    ~Lease() { pool_.give_back(reader_); }

    Lease(const Lease&) = delete;
    Lease& operator=(const Lease&) = delete;

    Reader* operator->() const { return &reader_; }

   private:
    ReadPool& pool_;
    Reader& reader_;
  };

  [[nodiscard]] Lease lease();

 private:
  ReadPool() = default;
  void give_back(Reader& reader);

  std::vector<std::unique_ptr<Reader>> readers_;
  Mutex mutex_;
  CondVar returned_;
  std::vector<Reader*> free_ AEV_GUARDED_BY(mutex_);
};

}  // namespace aev::store
