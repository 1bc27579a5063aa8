#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <type_traits>
#include <utility>
#include <variant>

namespace aev {

/// What kind of failure an `Error` is: enough for a caller to choose a status code or to retry.
enum class ErrorCode : std::uint8_t {
  kInvalid,      ///< the caller's input is wrong and stays wrong (HTTP 400, 422; exit 78 or 2)
  kNotFound,     ///< the named thing does not exist (HTTP 404)
  kConflict,     ///< the thing is not in a state that allows this (HTTP 409)
  kTooLarge,     ///< over a configured bound (HTTP 413)
  kUnsupported,  ///< a format, version or media type that is not served (HTTP 415)
  kBusy,         ///< a queue is full now; the same call may succeed later (HTTP 503)
  kFull,         ///< the disk or the store's own limit is reached (HTTP 507)
  kIo,           ///< the operating system or a peer failed
  kCorrupt,      ///< stored data is damaged
  kInternal,     ///< our own fault
};

/// A failure with a message that a system administrator understands: it names the object and the
/// operation. Thread-safe for const access.
struct Error {
  ErrorCode code = ErrorCode::kInternal;
  std::string message;
  /// JSON Pointer to the offending part of the input, empty when the whole is meant.
  std::string pointer;
};

/// A value or an `Error`, shaped like std::expected (which GCC 12 lacks).
template <typename T>
class [[nodiscard]] Result {
 public:
  using Value = T;

  Result(T value)
      : state_(std::in_place_index<0>, std::move(value)) {}  // NOLINT: implicit by design

  Result(Error error) : state_(std::in_place_index<1>, std::move(error)) {}  // NOLINT

  [[nodiscard]] bool ok() const { return state_.index() == 0; }

  explicit operator bool() const { return ok(); }

  /// Precondition: ok().
  [[nodiscard]] T& value() & { return std::get<0>(state_); }

  [[nodiscard]] const T& value() const& { return std::get<0>(state_); }

  [[nodiscard]] T&& value() && { return std::get<0>(std::move(state_)); }

  T& operator*() & { return value(); }

  const T& operator*() const& { return value(); }

  T* operator->() { return &value(); }

  const T* operator->() const { return &value(); }

  /// Precondition: !ok().
  [[nodiscard]] Error& error() { return std::get<1>(state_); }

  [[nodiscard]] const Error& error() const { return std::get<1>(state_); }

 private:
  std::variant<T, Error> state_;
};

/// Success without a value, or an `Error`.
template <>
class [[nodiscard]] Result<void> {
 public:
  using Value = void;

  Result() = default;

  Result(Error error) : error_(std::move(error)) {}  // NOLINT: implicit by design

  [[nodiscard]] bool ok() const { return !error_; }

  explicit operator bool() const { return ok(); }

  /// Precondition: !ok().
  [[nodiscard]] Error& error() { return *error_; }

  [[nodiscard]] const Error& error() const { return *error_; }

 private:
  std::optional<Error> error_;
};

}  // namespace aev

#define AEV_CONCAT_INNER(a, b) a##b
#define AEV_CONCAT(a, b) AEV_CONCAT_INNER(a, b)

/// Returns the error of `expression` from the enclosing function, if it has one.
#define AEV_RETURN_IF_ERROR(expression)                \
  do {                                                 \
    if (auto aev_status = (expression); !aev_status) { \
      return std::move(aev_status.error());            \
    }                                                  \
  } while (false)

#define AEV_ASSIGN_INNER(result, target, expression) \
  auto result = (expression);                        \
  if (!result) {                                     \
    return std::move(result.error());                \
  }                                                  \
  target = std::move(result).value()

/// `AEV_ASSIGN(auto x, f());` takes f()'s value, or returns its error from the enclosing function.
#define AEV_ASSIGN(target, expression) \
  AEV_ASSIGN_INNER(AEV_CONCAT(aev_result_, __COUNTER__), target, expression)
