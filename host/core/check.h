#pragma once

namespace aev {

/// Logs the broken invariant to standard error and aborts, so that the service manager restarts us.
[[noreturn]] void check_failed(const char* condition, const char* file, int line) noexcept;

}  // namespace aev

/// For our own invariants only (never for input): always on, in release builds too.
#define AEV_CHECK(condition)                               \
  do {                                                     \
    if (!(condition)) {                                    \
      ::aev::check_failed(#condition, __FILE__, __LINE__); \
    }                                                      \
  } while (false)
