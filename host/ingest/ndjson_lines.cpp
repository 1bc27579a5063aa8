#include "ingest/ndjson_lines.h"

#include <algorithm>
#include <cstring>

namespace aev::ingest {
namespace {

constexpr std::size_t kReadBytes = 64 * 1024;

bool is_blank(std::string_view text) {
  return text.find_first_not_of(" \t\r") == text.npos;
}

}  // namespace

void NdjsonLines::make_room(std::size_t free_bytes) {
  if (capacity_ - end_ >= free_bytes) {
    return;
  }
  const std::size_t capacity = std::max(capacity_ * 2, end_ + free_bytes);
  auto bytes = std::make_unique<char[]>(capacity + http::kBodyPadding);
  if (end_ > 0) {
    std::memcpy(bytes.get(), bytes_.get(), end_);
  }
  bytes_ = std::move(bytes);
  capacity_ = capacity;
}

Result<bool> NdjsonLines::read_slice(http::Exchange& exchange) {
  if (slice_end_ > 0) {
    std::memmove(bytes_.get(), bytes_.get() + slice_end_, end_ - slice_end_);
    end_ -= slice_end_;
  }
  at_ = 0;
  slice_end_ = 0;
  std::size_t looked_to = 0;
  std::size_t lines = 0;
  while (true) {
    while (lines < kSliceLines && looked_to < end_) {
      const void* found = std::memchr(bytes_.get() + looked_to, '\n', end_ - looked_to);
      if (found == nullptr) {
        looked_to = end_;
        break;
      }
      looked_to = static_cast<std::size_t>(static_cast<const char*>(found) - bytes_.get()) + 1;
      slice_end_ = looked_to;
      ++lines;
    }
    overlong_ = slice_end_ == 0 && end_ > max_line_bytes_;
    if (overlong_ || lines == kSliceLines || (lines > 0 && end_ >= kSliceBytes)) {
      break;
    }
    if (at_end_) {
      slice_end_ = end_;  // the last line may lack its end
      break;
    }
    make_room(kReadBytes);
    AEV_ASSIGN(const std::size_t count, exchange.read(bytes_.get() + end_, capacity_ - end_));
    at_end_ = count == 0;
    end_ += count;
  }
  if (overlong_) {
    slice_end_ = end_;
  }
  return slice_end_ > 0;
}

bool NdjsonLines::next(Line& line) {
  while (at_ < slice_end_) {
    const char* begin = bytes_.get() + at_;
    const void* found = std::memchr(begin, '\n', slice_end_ - at_);
    const std::size_t size =
        found == nullptr ? slice_end_ - at_
                         : static_cast<std::size_t>(static_cast<const char*>(found) - begin);
    at_ += size + (found == nullptr ? 0 : 1);
    ++lines_;
    line.text = {begin, size};
    line.number = lines_;
    if (!is_blank(line.text)) {
      return true;
    }
  }
  return false;
}

}  // namespace aev::ingest
