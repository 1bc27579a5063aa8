#include "routing/leaf.h"

#include <array>
#include <charconv>
#include <cstddef>

namespace aev::routing {
namespace {

/// Doubles hold every decimal number of this many digits.
constexpr std::size_t kSureDigits = 15;
constexpr int kSureExponent = 290;
constexpr std::size_t kMaxDigits = 64;

bool is_digit(char each) {
  return each >= '0' && each <= '9';
}

/// A decimal number as 0.d1d2d3… times a power of ten, without zeros at either end.
struct Decimal {
  std::array<char, kMaxDigits> digits{};
  std::size_t count = 0;  // may be more than there is room for
  std::size_t zeros = 0;  // read since the last other digit
  int exponent = 0;

  void add(char digit, bool fraction) {
    if (count == 0 && digit == '0') {
      exponent -= fraction ? 1 : 0;
      return;
    }
    exponent += fraction ? 0 : 1;
    if (digit == '0') {
      ++zeros;
      return;
    }
    for (; zeros > 0; --zeros) {
      put('0');
    }
    put(digit);
  }

  void put(char digit) {
    if (count < digits.size()) {
      digits[count] = digit;
    }
    ++count;
  }

  [[nodiscard]] std::string_view text() const {
    return {digits.data(), count < digits.size() ? count : digits.size()};
  }
};

/// Takes a number apart; false if it is not spelled as JSON wants it.
bool read(std::string_view text, Decimal& out) {
  std::size_t at = !text.empty() && text[0] == '-' ? 1 : 0;
  const std::size_t whole = at;
  for (; at < text.size() && is_digit(text[at]); ++at) {
    out.add(text[at], false);
  }
  if (at == whole || (at - whole > 1 && text[whole] == '0')) {
    return false;
  }
  if (at < text.size() && text[at] == '.') {
    const std::size_t fraction = ++at;
    for (; at < text.size() && is_digit(text[at]); ++at) {
      out.add(text[at], true);
    }
    if (at == fraction) {
      return false;
    }
  }
  if (at < text.size() && (text[at] == 'e' || text[at] == 'E')) {
    ++at;
    const bool negative = at < text.size() && text[at] == '-';
    at += at < text.size() && (text[at] == '-' || text[at] == '+') ? 1 : 0;
    const std::size_t first = at;
    int exponent = 0;
    for (; at < text.size() && is_digit(text[at]); ++at) {
      exponent = exponent > 100'000 ? exponent : exponent * 10 + (text[at] - '0');
    }
    if (at == first) {
      return false;
    }
    out.exponent += negative ? -exponent : exponent;
  }
  return at == text.size();
}

/// Whether the shortest decimal that denotes `number` is the decimal that was read.
bool denotes(double number, const Decimal& read_decimal) {
  std::array<char, 64> buffer{};
  const auto written = std::to_chars(buffer.data(), buffer.data() + buffer.size(), number,
                                     std::chars_format::scientific);
  Decimal shortest;
  return written.ec == std::errc() &&
         read({buffer.data(), static_cast<std::size_t>(written.ptr - buffer.data())}, shortest) &&
         shortest.count == read_decimal.count && shortest.exponent == read_decimal.exponent &&
         shortest.text() == read_decimal.text();
}

/// Numbers such as 17, -3 or 0.25, which most are: mantissa and power of ten are doubles
/// themselves, so one division rounds correctly. False if the number is not that simple.
bool read_simple(std::string_view text, double& number) {
  constexpr std::array<double, kSureDigits + 1> kPowers{
      1e0, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15};
  const bool negative = !text.empty() && text[0] == '-';
  std::size_t at = negative ? 1 : 0;
  if (text.size() - at > kSureDigits || at == text.size() || !is_digit(text[at]) ||
      (text[at] == '0' && at + 1 < text.size() && text[at + 1] != '.')) {
    return false;
  }
  std::int64_t mantissa = 0;
  for (; at < text.size() && is_digit(text[at]); ++at) {
    mantissa = mantissa * 10 + (text[at] - '0');
  }
  std::size_t fraction = 0;
  if (at < text.size() && text[at] == '.') {
    const std::size_t first = ++at;
    for (; at < text.size() && is_digit(text[at]); ++at) {
      mantissa = mantissa * 10 + (text[at] - '0');
    }
    fraction = at - first;
    if (fraction == 0) {
      return false;
    }
  }
  if (at != text.size()) {
    return false;
  }
  number = static_cast<double>(negative ? -mantissa : mantissa);
  if (fraction > 0) {
    number /= kPowers[fraction];
  }
  return true;
}

}  // namespace

bool parse_number(std::string_view text, Leaf& leaf) {
  leaf.type = Leaf::Type::kNumber;
  leaf.text = text;
  leaf.number = 0;
  leaf.comparable = false;
  if (text.size() == 1 && is_digit(text[0])) {
    leaf.number = text[0] - '0';
    leaf.comparable = true;
    return true;
  }
  if (read_simple(text, leaf.number)) {
    leaf.comparable = true;
    return true;
  }
  Decimal decimal;
  if (!read(text, decimal)) {
    return false;
  }
  if (decimal.count == 0) {
    leaf.number = 0;
    leaf.comparable = true;
    return true;
  }
  const auto parsed = std::from_chars(text.data(), text.data() + text.size(), leaf.number);
  const bool sure = decimal.count <= kSureDigits && decimal.exponent < kSureExponent &&
                    decimal.exponent > -kSureExponent;
  leaf.comparable = parsed.ec == std::errc() && (sure || denotes(leaf.number, decimal));
  return true;
}

}  // namespace aev::routing
