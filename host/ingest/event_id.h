#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

namespace aev::ingest {

/// Makes ids of our own: `evt_` and 26 characters of Crockford's base 32, which are 48 bits of Unix
/// milliseconds and 80 random bits. Text order is time order; ids of one generator always ascend,
/// also within a millisecond and when the clock steps back. Confined to one thread.
class EventIdGenerator {
 public:
  /// The id is valid until the next call.
  [[nodiscard]] std::string_view next(std::int64_t now_unix_ns);

 private:
  void fill_entropy();

  static constexpr std::size_t kLength = 30;
  bool seeded_ = false;
  std::uint64_t milliseconds_ = 0;
  std::uint16_t random_high_ = 0;  // upper 16 of the 80 bits
  std::uint64_t random_low_ = 0;
  std::array<unsigned char, 320> entropy_{};
  std::size_t entropy_used_ = 320;
  std::array<char, kLength> text_{};
};

}  // namespace aev::ingest
