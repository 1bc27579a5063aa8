#pragma once

#include <array>
#include <memory>
#include <string>
#include <string_view>

namespace aev::security {

using Hash = std::array<unsigned char, 32>;

/// SHA-256 of texts, with a context that is kept. Throws std::runtime_error if libcrypto fails.
/// Confined to one thread.
class Sha256 {
 public:
  Sha256();
  ~Sha256();
  Sha256(const Sha256&) = delete;
  Sha256& operator=(const Sha256&) = delete;

  /// Of `first` and `second`, one behind the other.
  [[nodiscard]] Hash of(std::string_view first, std::string_view second = {});

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

[[nodiscard]] inline std::string_view view(const Hash& hash) {
  return {reinterpret_cast<const char*>(hash.data()), hash.size()};
}

/// Lower-case hexadecimal digits of bytes.
[[nodiscard]] std::string to_hex(std::string_view bytes);
/// The bytes of hexadecimal digits; empty if it is none.
[[nodiscard]] std::string from_hex(std::string_view digits);

/// The same for the same parts, and for no others: `prefix` and 32 hexadecimal digits.
[[nodiscard]] std::string make_id(std::string_view prefix,
                                  std::initializer_list<std::string_view> parts);

/// Id of the debate that an event asks for, as Aragora writes it: security_debate_ and 12 digits.
[[nodiscard]] std::string make_debate_id(std::string_view subscriber, std::string_view event_id);

}  // namespace aev::security
