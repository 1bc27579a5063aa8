#pragma once

#include <chrono>
#include <cstdint>
#include <string>

namespace aev::kafka {

/// `250ms`, `5s` or `1m`. Throws sdk::ConfigError at `path` for anything else, and for what is
/// longer than a day; `0ms` is allowed.
[[nodiscard]] std::chrono::milliseconds parse_duration(const std::string& written,
                                                       const std::string& path);

/// `900B`, `64KiB`, `1MiB`, `1GiB`, or `kB`, `MB`, `GB` for powers of ten, from 1 to `most` bytes.
/// Throws sdk::ConfigError at `path` for anything else.
[[nodiscard]] std::int64_t parse_size(const std::string& written,
                                      const std::string& path,
                                      std::int64_t most);

}  // namespace aev::kafka
