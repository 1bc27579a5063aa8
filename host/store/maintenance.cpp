#include "store/maintenance.h"

#include "core/thread_name.h"

namespace aev::store {
namespace {

constexpr auto kLookEvery = std::chrono::milliseconds(200);
constexpr auto kRetentionEvery = std::chrono::minutes(1);
constexpr auto kRetentionWhenFull = std::chrono::seconds(5);
constexpr std::uint64_t kCheckpointWalBytes = 16u << 20;

}  // namespace

Maintenance::Maintenance(Connection connection,
                         const WriterState& state,
                         std::function<void()> retention)
    : connection_(std::move(connection)),
      state_(state),
      retention_(std::move(retention)),
      thread_([this] { run(); }) {}

Maintenance::~Maintenance() {
  {
    const MutexLock lock(mutex_);
    ended_ = true;
  }
  changed_.notify_all();
  thread_.join();
}

void Maintenance::run() {
  name_this_thread("aev-store-keep");
  auto last_retention = std::chrono::steady_clock::now();
  while (true) {
    {
      const MutexLock lock(mutex_);
      if (!ended_) {
        changed_.wait_until(mutex_, std::chrono::steady_clock::now() + kLookEvery);
      }
      if (ended_) {
        return;
      }
    }
    if (state_.wal_bytes.load() > kCheckpointWalBytes) {
      connection_.checkpoint(false);
    }
    const auto since = std::chrono::steady_clock::now() - last_retention;
    if (since >= kRetentionEvery || (state_.full.load() && since >= kRetentionWhenFull)) {
      retention_();
      last_retention = std::chrono::steady_clock::now();
    }
  }
}

}  // namespace aev::store
