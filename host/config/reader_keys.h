#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace aev::config {

/// A key that the reader asks for, and how it takes the value. What the reader asks for is all that
/// a file may hold, so the JSON Schema for editors is made from it.
struct ReaderKey {
  enum class Kind : std::uint8_t {
    kStructure,  ///< a map, a list, or a value of a form of its own
    kDuration,
    kSize,
    kRate,
    kReal,
    kCount,
    kBoolean,
    kText,
    kChoice
  };

  std::string path;  ///< `api.tls.key`
  Kind kind = Kind::kStructure;
  std::string standard{};  ///< the default as YAML text; empty: none
  double least = 0;        ///< of a duration (ns), size, real or count
  double most = 0;         ///< of a real or count
  std::vector<std::string> choices{};
};

/// In the order of asking, each path once.
using ReaderKeys = std::vector<ReaderKey>;

/// Every key of a configuration file, with `*` for a name that is free to choose and `[0]` for an
/// element of a list (`subscribers.*.retry.jitter`, `routes[0].to`); got by letting the reader read
/// a file that has one of everything.
[[nodiscard]] ReaderKeys all_reader_keys();

}  // namespace aev::config
