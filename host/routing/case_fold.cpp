#include "routing/case_fold.h"

#include <array>
#include <cstddef>
#include <cstdint>

#include <Poco/Unicode.h>

namespace aev::routing {
namespace {

unsigned char byte_at(std::string_view text, std::size_t at) {
  return static_cast<unsigned char>(text[at]);
}

bool continues(std::string_view text, std::size_t at) {
  return at < text.size() && (byte_at(text, at) & 0xC0) == 0x80;
}

/// One character after folding: at most four bytes.
struct Folded {
  std::array<char, 4> bytes{};
  std::size_t size = 0;
  std::size_t taken = 0;  // bytes of the text that it stands for

  [[nodiscard]] std::string_view view() const { return {bytes.data(), size}; }
};

void encode(std::uint32_t code, Folded& out) {
  const auto put = [&out](std::uint32_t byte) { out.bytes[out.size++] = static_cast<char>(byte); };
  if (code < 0x80) {
    put(code);
  } else if (code < 0x800) {
    put(0xC0 | code >> 6);
    put(0x80 | (code & 0x3F));
  } else if (code < 0x10000) {
    put(0xE0 | code >> 12);
    put(0x80 | (code >> 6 & 0x3F));
    put(0x80 | (code & 0x3F));
  } else {
    put(0xF0 | code >> 18);
    put(0x80 | (code >> 12 & 0x3F));
    put(0x80 | (code >> 6 & 0x3F));
    put(0x80 | (code & 0x3F));
  }
}

/// The character that begins at `at`, folded. A byte that begins none stands for itself.
Folded fold_at(std::string_view text, std::size_t at) {
  Folded out;
  const unsigned char first = byte_at(text, at);
  std::size_t length = first >= 0xF0 ? 4 : first >= 0xE0 ? 3 : first >= 0xC2 ? 2 : 1;
  std::uint32_t code = length == 4 ? first & 0x07u : length == 3 ? first & 0x0Fu : first & 0x1Fu;
  for (std::size_t i = 1; i < length; ++i) {
    if (!continues(text, at + i)) {
      length = 1;
      break;
    }
    code = code << 6 | (byte_at(text, at + i) & 0x3Fu);
  }
  out.taken = length;
  if (length == 1) {
    out.bytes[0] = first >= 'A' && first <= 'Z' ? static_cast<char>(first + ('a' - 'A')) : text[at];
    out.size = 1;
    return out;
  }
  const int lower = code <= 0x10FFFF ? Poco::Unicode::toLower(static_cast<int>(code)) : 0;
  if (lower > 0 && static_cast<std::uint32_t>(lower) != code) {
    encode(static_cast<std::uint32_t>(lower), out);
  } else {
    text.copy(out.bytes.data(), length, at);
    out.size = length;
  }
  return out;
}

/// Where the last character before `end` begins.
std::size_t previous(std::string_view text, std::size_t end) {
  for (std::size_t back = 1; back <= 4 && back <= end; ++back) {
    if (!continues(text, end - back)) {
      return fold_at(text, end - back).taken == back ? end - back : end - 1;
    }
  }
  return end - 1;
}

}  // namespace

std::string fold_case(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  for (std::size_t at = 0; at < text.size();) {
    const Folded each = fold_at(text, at);
    out += each.view();
    at += each.taken;
  }
  return out;
}

bool starts_with_folded(std::string_view text, std::string_view folded) {
  std::size_t at = 0;
  while (!folded.empty()) {
    if (at == text.size()) {
      return false;
    }
    const Folded each = fold_at(text, at);
    if (!folded.starts_with(each.view())) {
      return false;
    }
    folded.remove_prefix(each.size);
    at += each.taken;
  }
  return true;
}

bool equals_folded(std::string_view text, std::string_view folded) {
  std::size_t at = 0;
  for (; at < text.size();) {
    const Folded each = fold_at(text, at);
    if (!folded.starts_with(each.view())) {
      return false;
    }
    folded.remove_prefix(each.size);
    at += each.taken;
  }
  return folded.empty();
}

bool ends_with_folded(std::string_view text, std::string_view folded) {
  std::size_t end = text.size();
  while (!folded.empty()) {
    if (end == 0) {
      return false;
    }
    end = previous(text, end);
    const Folded each = fold_at(text, end);
    if (!folded.ends_with(each.view())) {
      return false;
    }
    folded.remove_suffix(each.size);
  }
  return true;
}

}  // namespace aev::routing
