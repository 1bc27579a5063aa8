#pragma once

#include <cstddef>
#include <vector>

#include "frame.h"

namespace aev::websocket {

/// How much may wait for one client.
struct OutboxLimits {
  std::size_t messages = 1024;
  std::size_t bytes = 4u << 20;
};

/// The frames that wait for one client, first in, first out. It holds references only. Confined to
/// the I/O thread.
class Outbox {
 public:
  /// False, and nothing is taken, when that would pass a limit. A frame that alone is larger than
  /// the limit of bytes still passes when nothing else waits.
  [[nodiscard]] bool push(FrameRef frame, const OutboxLimits& limits) {
    const std::size_t size = frame->text.size();
    if (count() >= limits.messages || (!empty() && bytes_ + size > limits.bytes)) {
      return false;
    }
    force(std::move(frame));
    return true;
  }

  /// Takes it whatever the limits.
  void force(FrameRef frame) {
    bytes_ += frame->text.size();
    frames_.push_back(std::move(frame));
  }

  [[nodiscard]] bool empty() const noexcept { return head_ == frames_.size(); }

  [[nodiscard]] std::size_t count() const noexcept { return frames_.size() - head_; }

  [[nodiscard]] std::size_t bytes() const noexcept { return bytes_; }

  /// The oldest. Not when empty.
  [[nodiscard]] FrameRef pop() {
    FrameRef frame = std::move(frames_[head_++]);
    bytes_ -= frame->text.size();
    if (empty()) {
      head_ = 0;
      if (frames_.capacity() > kKeptCapacity) {
        std::vector<FrameRef>().swap(frames_);  // an idle client holds no memory
      } else {
        frames_.clear();
      }
    } else if (head_ >= kCompactAt && head_ * 2 >= frames_.size()) {
      frames_.erase(frames_.begin(), frames_.begin() + static_cast<std::ptrdiff_t>(head_));
      head_ = 0;
    }
    return frame;
  }

  void clear() {
    std::vector<FrameRef>().swap(frames_);
    head_ = 0;
    bytes_ = 0;
  }

 private:
  static constexpr std::size_t kKeptCapacity = 8;
  static constexpr std::size_t kCompactAt = 64;

  std::vector<FrameRef> frames_;
  std::size_t head_ = 0;  // frames before it have gone
  std::size_t bytes_ = 0;
};

}  // namespace aev::websocket
