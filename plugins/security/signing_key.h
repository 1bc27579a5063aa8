#pragma once

#include <memory>
#include <string>
#include <string_view>

namespace aev::security {

/// An Ed25519 public key. Immutable, thread-safe.
class PublicKey {
 public:
  /// PEM (SubjectPublicKeyInfo), or `whpk_` and base64 of 32 bytes. Throws std::invalid_argument.
  explicit PublicKey(std::string_view text);

  [[nodiscard]] bool verifies(std::string_view message, std::string_view signature) const;
  [[nodiscard]] std::string pem() const;
  /// `whpk_` and base64, as Standard Webhooks writes such keys.
  [[nodiscard]] std::string compact() const;

 private:
  friend class SigningKey;

  explicit PublicKey(std::shared_ptr<void> key) : key_(std::move(key)) {}

  std::shared_ptr<void> key_;  // an EVP_PKEY
};

/// The Ed25519 private key that signs checkpoints. Immutable, thread-safe.
class SigningKey {
 public:
  /// Reads `file`, or makes a key there with mode 0600 if there is none. Throws std::runtime_error
  /// with what is wrong and how to mend it.
  [[nodiscard]] static SigningKey open(const std::string& file);

  [[nodiscard]] std::string sign(std::string_view message) const;

  [[nodiscard]] PublicKey public_key() const { return PublicKey(key_); }

 private:
  explicit SigningKey(std::shared_ptr<void> key) : key_(std::move(key)) {}

  std::shared_ptr<void> key_;  // an EVP_PKEY
};

}  // namespace aev::security
