#pragma once

#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "store/store.h"

namespace aev::ingest::testing {

/// Remembers what is appended; knows ids for duplicates; refuses when told to. Nothing else of a
/// store is asked for by ingest, so the rest answers emptily.
class FakeStore final : public store::Store {
 public:
  std::vector<events::RoutedEvent> stored;
  std::vector<std::size_t> appends;  ///< size of each
  std::optional<Error> refuse;
  std::size_t refuse_after = 0;  ///< appends that succeed before `refuse` counts

  Result<store::AppendOutcome> append(std::span<const events::RoutedEvent> batch) override {
    if (refuse && appends.size() >= refuse_after) {
      return *refuse;
    }
    appends.push_back(batch.size());
    store::AppendOutcome outcome;
    for (const auto& routed : batch) {
      const bool duplicate = !ids_.insert(std::string(routed.event->id())).second;
      if (!duplicate) {
        stored.push_back(routed);
      }
      outcome.items.push_back({stored.size(), duplicate});
    }
    return outcome;
  }

  void set_commit_listener(store::CommitListener) override {}

  void append_async(std::vector<events::RoutedEvent> batch, AppendDone done) override {
    done(append(batch));
  }

  Result<store::SubscriberRecord> register_subscriber(std::string_view) override {
    return store::SubscriberRecord{};
  }

  Result<std::vector<store::SubscriberRecord>> subscribers() override {
    return std::vector<store::SubscriberRecord>{};
  }

  Result<void> forget_subscriber(std::string_view) override { return {}; }

  void apply(store::DeliveryChanges, std::function<void()>) override {}

  Result<std::vector<store::RetryRecord>> retries(events::SubscriberId, std::size_t) override {
    return std::vector<store::RetryRecord>{};
  }

  Result<std::vector<store::RetryRecord>> redrive(const store::DeadLetterFilter&, double) override {
    return std::vector<store::RetryRecord>{};
  }

  Result<ScanPage> scan(events::Seq,
                        std::span<const events::SubscriberId>,
                        std::size_t,
                        std::size_t) override {
    return ScanPage{};
  }

  Result<std::vector<events::RoutedEvent>> read(std::span<const events::Seq>) override {
    return std::vector<events::RoutedEvent>{};
  }

  Result<events::RoutedEvent> find(std::string_view) override {
    return Error{ErrorCode::kNotFound, "no such event", {}};
  }

  Result<std::vector<events::RoutedEvent>> list(const store::EventFilter&) override {
    return std::vector<events::RoutedEvent>{};
  }

  Result<std::vector<store::DeadLetterRecord>> dead_letters(
      const store::DeadLetterFilter&) override {
    return std::vector<store::DeadLetterRecord>{};
  }

  Result<store::DeadLetterRecord> dead_letter(std::int64_t) override {
    return Error{ErrorCode::kNotFound, "no such dead letter", {}};
  }

  Result<std::uint64_t> count_dead_letters(const store::DeadLetterFilter&) override {
    return std::uint64_t{0};
  }

  Result<std::uint64_t> discard(const store::DeadLetterFilter&) override {
    return std::uint64_t{0};
  }

  Result<std::vector<store::AttemptRecord>> attempts(const store::AttemptFilter&) override {
    return std::vector<store::AttemptRecord>{};
  }

  Result<std::vector<store::ReplayRecord>> replays() override {
    return std::vector<store::ReplayRecord>{};
  }

  Result<std::map<std::string, std::string>> state(events::SubscriberId) override {
    return std::map<std::string, std::string>();
  }

  Result<std::uint64_t> run_retention() override { return std::uint64_t{0}; }

  void set_options(const store::StoreOptions&) override {}

  [[nodiscard]] store::StoreStats stats() const override { return {}; }

 private:
  std::set<std::string> ids_;
};

}  // namespace aev::ingest::testing
