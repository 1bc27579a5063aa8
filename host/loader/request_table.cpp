#include "loader/request_table.h"

#include <iterator>

namespace aev::loader {

void RequestTable::begin() {
  const MutexLock lock(mutex_);
  closed_ = false;
}

void RequestTable::end() {
  const MutexLock lock(mutex_);
  closed_ = true;
}

std::optional<std::uint64_t> RequestTable::open(AnswerCall call, std::size_t most, bool& closed) {
  const MutexLock lock(mutex_);
  closed = closed_;
  if (closed_ || open_.size() + ready_.size() >= most) {
    return std::nullopt;
  }
  const std::uint64_t number = next_number_++;
  open_.emplace(number, std::move(call));
  return number;
}

void RequestTable::cancel(std::uint64_t number) {
  const MutexLock lock(mutex_);
  open_.erase(number);
}

bool RequestTable::answer(std::uint64_t number, Answer answer) {
  const MutexLock lock(mutex_);
  const auto found = open_.find(number);
  if (found == open_.end()) {
    return false;
  }
  ready_.emplace_back(std::move(found->second), std::move(answer));
  open_.erase(found);
  return true;
}

std::optional<RequestTable::Ready> RequestTable::next() {
  const MutexLock lock(mutex_);
  if (ready_.empty()) {
    return std::nullopt;
  }
  Ready first = std::move(ready_.front());
  ready_.pop_front();
  return first;
}

bool RequestTable::has_ready() {
  const MutexLock lock(mutex_);
  return !ready_.empty();
}

std::vector<RequestTable::Ready> RequestTable::end_all() {
  const MutexLock lock(mutex_);
  closed_ = true;
  std::vector<Ready> all(std::make_move_iterator(ready_.begin()),
                         std::make_move_iterator(ready_.end()));
  ready_.clear();
  for (auto& [number, call] : open_) {
    Answer ended;
    ended.ended = true;
    ended.error = Error{ErrorCode::kConflict, "the instance ends", {}};
    all.emplace_back(std::move(call), std::move(ended));
  }
  open_.clear();
  return all;
}

}  // namespace aev::loader
