#pragma once

#include <array>
#include <cstdint>
#include <cstring>
#include <string_view>

#include "routing/hash.h"
#include "routing/path_table.h"

namespace aev::routing {

/// Remembers what the elements of a document's arrays looked like, because large arrays are mostly
/// of elements that are alike: what has been read in the same array before says nothing new about
/// an event. Takes no more than a few of the last ones into account. All texts are followed by
/// kPadding readable bytes. Confined to one thread.
class ArrayMemory {
 public:
  static constexpr std::size_t kPadding = 64;

  /// Forgets everything.
  void begin_document() { ++document_; }

  /// Whether a value of up to eight bytes is known from the same path and place; remembers it.
  bool repeats_value(std::string_view spelling, PathId path, std::uint32_t place) {
    std::uint64_t word = 0;
    if (spelling.empty() || spelling.size() > sizeof word) {
      return false;
    }
    std::memcpy(&word, spelling.data(), sizeof word);
    word <<= (sizeof word - spelling.size()) * 8;
    return known(values_[mix(word, path) % values_.size()],
                 {word, spelling.size(), document_, path, place});
  }

  /// The same for an object or array of up to kPadding bytes without escapes. `node` is where in
  /// the tree of paths its array lies, `array` the array's number.
  bool repeats_element(const char* text, std::uint32_t node, std::uint32_t array) {
    std::size_t size = 0;
    bool quoted = false;
    for (int depth = 0; size == 0 || depth > 0; ++size) {
      if (size == kPadding || text[size] == '\\') {
        return false;
      }
      const char each = text[size];
      quoted = quoted != (each == '"');
      if (!quoted) {
        depth += each == '{' || each == '[' ? 1 : each == '}' || each == ']' ? -1 : 0;
      }
    }
    Element now{{}, document_, node, array};
    std::memcpy(now.bytes.data(), text, size);
    return known(elements_[hash_text({text, size}) % elements_.size()], now);
  }

  /// The node that a name leads to from `node`, which `find` tells if it is not remembered. `key`
  /// is behind the name's opening quotation mark; names of up to fifteen bytes without escapes are
  /// remembered.
  template <typename Find>
  std::uint32_t child(std::uint32_t node, const char* key, const Find& find) {
    Name now{0, 0, document_, node, 0};
    std::memcpy(&now.first, key, sizeof now.first);
    std::memcpy(&now.second, key + sizeof now.first, sizeof now.second);
    if (end_at_quotation_mark(now.first)) {
      now.second = 0;
    } else if (!end_at_quotation_mark(now.second)) {
      return find();
    }
    if ((marks_of(now.first, '\\') | marks_of(now.second, '\\')) != 0) {
      return find();
    }
    Name& last = names_[mix(now.first ^ now.second, node) % names_.size()];
    now.child = last.child;
    if (last != now) {
      now.child = find();
      last = now;
    }
    return now.child;
  }

 private:
  struct Value {
    std::uint64_t spelling = 0;
    std::size_t size = 0;
    std::uint64_t document = 0;
    PathId path = 0;
    std::uint32_t place = 0;

    bool operator==(const Value&) const = default;
  };

  struct Element {
    std::array<char, kPadding> bytes{};
    std::uint64_t document = 0;
    std::uint32_t node = 0;
    std::uint32_t array = 0;

    bool operator==(const Element&) const = default;
  };

  /// Its closing quotation mark included.
  struct Name {
    std::uint64_t first = 0;
    std::uint64_t second = 0;
    std::uint64_t document = 0;
    std::uint32_t node = 0;
    std::uint32_t child = 0;

    bool operator==(const Name&) const = default;
  };

  template <typename T>
  static bool known(T& last, const T& now) {
    if (last == now) {
      return true;
    }
    last = now;
    return false;
  }

  /// 0x80 in each byte of the result whose byte in `word` is `byte`, zero in the others.
  static std::uint64_t marks_of(std::uint64_t word, char byte) {
    constexpr std::uint64_t kOnes = 0x0101010101010101u;
    constexpr std::uint64_t kLow = kOnes * 0x7F;
    const std::uint64_t zero_where_found = word ^ (kOnes * static_cast<unsigned char>(byte));
    return ~(((zero_where_found & kLow) + kLow) | zero_where_found | kLow);
  }

  /// Sets what follows the first quotation mark to zero; false if there is none.
  static bool end_at_quotation_mark(std::uint64_t& word) {
    const std::uint64_t marks = marks_of(word, '"');
    if (marks == 0) {
      return false;
    }
    word &= marks ^ (marks - 1);
    return true;
  }

  std::array<Value, 64> values_;
  std::array<Element, 64> elements_;
  std::array<Name, 64> names_;
  std::uint64_t document_ = 0;  // nothing of another document is known
};

}  // namespace aev::routing
