#pragma once

#include <algorithm>
#include <cstdint>
#include <vector>

namespace aev::websocket {

/// Remembers which of the last million seqs have been sent live, so that an event which the host
/// delivers a second time (its first completion was lost, or came too late) reaches nobody twice.
/// Confined to the I/O thread.
class SeenWindow {
 public:
  static constexpr std::uint64_t kSize = std::uint64_t{1} << 20;

  SeenWindow() : bits_(kSize / 64) {}

  /// True the first time, or when `seq` is so old that nobody knows any more.
  [[nodiscard]] bool first(std::uint64_t seq) {
    if (seq >= end_) {
      advance(seq + 1);
    } else if (end_ - seq > kSize) {
      return true;
    }
    std::uint64_t& word = bits_[seq % kSize / 64];
    const std::uint64_t bit = std::uint64_t{1} << (seq % 64);
    const bool is_new = (word & bit) == 0;
    word |= bit;
    return is_new;
  }

 private:
  void advance(std::uint64_t end) {
    if (end - end_ >= kSize) {
      std::fill(bits_.begin(), bits_.end(), 0);
    } else {
      for (std::uint64_t seq = end_; seq < end; ++seq) {
        bits_[seq % kSize / 64] &= ~(std::uint64_t{1} << (seq % 64));
      }
    }
    end_ = end;
  }

  std::vector<std::uint64_t> bits_;  // of [end_ - kSize, end_), by seq modulo kSize
  std::uint64_t end_ = 0;
};

}  // namespace aev::websocket
