#include "ingest/event_id.h"

#include <cerrno>
#include <cstring>
#include <sys/random.h>

#include "core/check.h"

namespace aev::ingest {
namespace {

constexpr char kAlphabet[] = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";

/// Writes the low `count` × 5 bits of `value`, most significant first.
void write_base32(char* out, std::uint64_t value, int count) {
  for (int i = count - 1; i >= 0; --i) {
    out[i] = kAlphabet[value & 31];
    value >>= 5;
  }
}

}  // namespace

void EventIdGenerator::fill_entropy() {
  std::size_t filled = 0;
  while (filled < entropy_.size()) {
    const ::ssize_t count = ::getrandom(entropy_.data() + filled, entropy_.size() - filled, 0);
    // The kernel's generator never fails once it is seeded, and getrandom waits for that.
    AEV_CHECK(count > 0 || errno == EINTR);
    filled += count > 0 ? static_cast<std::size_t>(count) : 0;
  }
  entropy_used_ = 0;
}

std::string_view EventIdGenerator::next(std::int64_t now_unix_ns) {
  const std::uint64_t now =
      now_unix_ns > 0 ? static_cast<std::uint64_t>(now_unix_ns / 1'000'000) : 0;
  if (now > milliseconds_ || !seeded_) {
    seeded_ = true;
    milliseconds_ = now;
    if (entropy_used_ + 10 > entropy_.size()) {
      fill_entropy();
    }
    std::memcpy(&random_high_, entropy_.data() + entropy_used_, 2);
    std::memcpy(&random_low_, entropy_.data() + entropy_used_ + 2, 8);
    entropy_used_ += 10;
  } else if (++random_low_ == 0 && ++random_high_ == 0) {
    ++milliseconds_;  // 2^80 ids in one millisecond: only a wrapped random start gets here
  }
  std::memcpy(text_.data(), "evt_", 4);
  write_base32(text_.data() + 4, milliseconds_ & ((std::uint64_t{1} << 48) - 1), 10);
  // 80 random bits are two halves of 40, eight characters each.
  const std::uint64_t upper = (std::uint64_t{random_high_} << 24) | (random_low_ >> 40);
  write_base32(text_.data() + 14, upper, 8);
  write_base32(text_.data() + 22, random_low_ & ((std::uint64_t{1} << 40) - 1), 8);
  return {text_.data(), text_.size()};
}

}  // namespace aev::ingest
