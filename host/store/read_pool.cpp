#include "store/read_pool.h"

#include "store/schema.h"

namespace aev::store {

Result<std::unique_ptr<ReadPool>> ReadPool::open(const std::filesystem::path& file,
                                                 std::size_t count) {
  std::unique_ptr<ReadPool> pool(new ReadPool);
  for (std::size_t i = 0; i < count; ++i) {
    AEV_ASSIGN(Connection connection, open_for_reading(file));
    pool->readers_.push_back(std::make_unique<Reader>(Reader{std::move(connection), {}}));
    const MutexLock lock(pool->mutex_);
    pool->free_.push_back(pool->readers_.back().get());
  }
  return pool;
}

ReadPool::Lease ReadPool::lease() {
  const MutexLock lock(mutex_);
  while (free_.empty()) {
    returned_.wait(mutex_);
  }
  Reader* const reader = free_.back();
  free_.pop_back();
  return {*this, *reader};
}

void ReadPool::give_back(Reader& reader) {
  {
    const MutexLock lock(mutex_);
    free_.push_back(&reader);
  }
  returned_.notify_one();
}

}  // namespace aev::store
