#include "store/interval_codec.h"

namespace aev::store {
namespace {

void append_number(std::string& out, std::uint64_t value) {
  while (value >= 0x80) {
    out += static_cast<char>((value & 0x7f) | 0x80);
    value >>= 7;
  }
  out += static_cast<char>(value);
}

bool take_number(std::string_view& from, std::uint64_t& value) {
  value = 0;
  for (unsigned shift = 0; shift < 64 && !from.empty(); shift += 7) {
    const auto byte = static_cast<unsigned char>(from.front());
    from.remove_prefix(1);
    value |= static_cast<std::uint64_t>(byte & 0x7f) << shift;
    if ((byte & 0x80) == 0) {
      return true;
    }
  }
  return false;
}

}  // namespace

std::string encode_ranges(Seq cursor, const std::vector<SeqRange>& ranges) {
  std::string bytes;
  Seq at = cursor;
  for (const SeqRange& range : ranges) {
    append_number(bytes, range.first - at);
    append_number(bytes, range.last - range.first);
    at = range.last;
  }
  return bytes;
}

Result<std::vector<SeqRange>> decode_ranges(Seq cursor, std::string_view bytes) {
  std::vector<SeqRange> ranges;
  Seq at = cursor;
  while (!bytes.empty()) {
    std::uint64_t gap = 0;
    std::uint64_t length = 0;
    if (!take_number(bytes, gap) || !take_number(bytes, length) || gap == 0) {
      return Error{ErrorCode::kCorrupt, "the stored progress of a subscriber is damaged", {}};
    }
    ranges.push_back({at + gap, at + gap + length});
    at = ranges.back().last;
  }
  return ranges;
}

}  // namespace aev::store
