#include "digest.h"

#include <stdexcept>

#include <openssl/evp.h>

namespace aev::security {

struct Sha256::Impl {
  EVP_MD* algorithm = EVP_MD_fetch(nullptr, "SHA256", nullptr);
  EVP_MD_CTX* context = EVP_MD_CTX_new();
};

Sha256::Sha256() : impl_(std::make_unique<Impl>()) {
  if (impl_->algorithm == nullptr || impl_->context == nullptr) {
    throw std::runtime_error("libcrypto has no SHA-256");
  }
}

Sha256::~Sha256() {
  EVP_MD_CTX_free(impl_->context);
  EVP_MD_free(impl_->algorithm);
}

Hash Sha256::of(std::string_view first, std::string_view second) {
  Hash hash{};
  if (EVP_DigestInit_ex2(impl_->context, impl_->algorithm, nullptr) != 1 ||
      EVP_DigestUpdate(impl_->context, first.data(), first.size()) != 1 ||
      EVP_DigestUpdate(impl_->context, second.data(), second.size()) != 1 ||
      EVP_DigestFinal_ex(impl_->context, hash.data(), nullptr) != 1) {
    throw std::runtime_error("libcrypto cannot compute SHA-256");
  }
  return hash;
}

std::string to_hex(std::string_view bytes) {
  std::string digits;
  digits.reserve(bytes.size() * 2);
  for (const char byte : bytes) {
    digits += "0123456789abcdef"[(static_cast<unsigned char>(byte) >> 4) & 15];
    digits += "0123456789abcdef"[static_cast<unsigned char>(byte) & 15];
  }
  return digits;
}

std::string from_hex(std::string_view digits) {
  std::string bytes;
  if (digits.size() % 2 != 0) {
    return bytes;
  }
  unsigned value = 0;
  for (std::size_t i = 0; i < digits.size(); ++i) {
    const char c = digits[i];
    const unsigned digit = c >= '0' && c <= '9'   ? static_cast<unsigned>(c - '0')
                           : c >= 'a' && c <= 'f' ? static_cast<unsigned>(c - 'a') + 10
                           : c >= 'A' && c <= 'F' ? static_cast<unsigned>(c - 'A') + 10
                                                  : 16;
    if (digit == 16) {
      return {};
    }
    value = value * 16 + digit;
    if (i % 2 == 1) {
      bytes += static_cast<char>(value);
      value = 0;
    }
  }
  return bytes;
}

std::string make_id(std::string_view prefix, std::initializer_list<std::string_view> parts) {
  std::string text;
  for (const std::string_view part : parts) {
    text.append(std::to_string(part.size())).append(":").append(part);
  }
  const Hash hash = Sha256().of(text);
  return std::string(prefix) + to_hex(view(hash).substr(0, 16));
}

std::string make_debate_id(std::string_view subscriber, std::string_view event_id) {
  const std::string id = make_id("security_debate_", {subscriber, event_id});
  return id.substr(0, id.size() - 20);
}

}  // namespace aev::security
