#include "signing_key.h"

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <fcntl.h>
#include <stdexcept>
#include <sys/stat.h>
#include <unistd.h>

#include <openssl/bio.h>
#include <openssl/evp.h>
#include <openssl/pem.h>

#include <aev/webhook_sign.hpp>

namespace aev::security {
namespace {

EVP_PKEY* raw(const std::shared_ptr<void>& key) {
  return static_cast<EVP_PKEY*>(key.get());
}

std::shared_ptr<void> own(EVP_PKEY* key) {
  return {key, [](void* gone) { EVP_PKEY_free(static_cast<EVP_PKEY*>(gone)); }};
}

using Bio = std::unique_ptr<BIO, decltype(&BIO_free)>;
using MdContext = std::unique_ptr<EVP_MD_CTX, decltype(&EVP_MD_CTX_free)>;

std::string text_of(BIO* memory) {
  char* data = nullptr;
  const long size = BIO_get_mem_data(memory, &data);
  return {data, static_cast<std::size_t>(size)};
}

std::shared_ptr<void> read_pem(BIO* bio, bool is_private) {
  return own(is_private ? PEM_read_bio_PrivateKey(bio, nullptr, nullptr, nullptr)
                        : PEM_read_bio_PUBKEY(bio, nullptr, nullptr, nullptr));
}

[[noreturn]] void refuse(const std::string& file, const std::string& why) {
  throw std::runtime_error("the audit key " + file + " " + why);
}

std::string read_key_file(int fd, const std::string& file) {
  struct stat status {};

  if (fstat(fd, &status) == 0 && (status.st_mode & 077) != 0) {
    refuse(file, "can be read by others: chmod 600 it");
  }
  std::string text(16 * 1024, '\0');
  const ssize_t size = read(fd, text.data(), text.size());
  if (size < 0) {
    refuse(file, std::string("cannot be read: ") + std::strerror(errno));
  }
  text.resize(static_cast<std::size_t>(size));
  return text;
}

std::string make_key_file(const std::string& file) {
  const auto key = own(EVP_PKEY_Q_keygen(nullptr, nullptr, "ED25519"));
  const Bio memory(BIO_new(BIO_s_secmem()), &BIO_free);
  if (!key || !memory ||
      PEM_write_bio_PrivateKey(memory.get(), raw(key), nullptr, nullptr, 0, nullptr, nullptr) !=
          1) {
    refuse(file, "cannot be made: libcrypto fails");
  }
  const std::string text = text_of(memory.get());
  // A crash must not leave half a key: it gets its name when it is whole.
  const std::string fresh = file + ".new";
  unlink(fresh.c_str());
  const int fd = open(fresh.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
  if (fd < 0) {
    refuse(file, std::string("cannot be made: ") + std::strerror(errno) +
                     ": give the account of the host a folder that it may write to, or set "
                     "audit.key_file");
  }
  const bool written =
      write(fd, text.data(), text.size()) == static_cast<ssize_t>(text.size()) && fsync(fd) == 0;
  close(fd);
  if (!written || rename(fresh.c_str(), file.c_str()) != 0) {
    unlink(fresh.c_str());
    refuse(file, std::string("cannot be written: ") + std::strerror(errno));
  }
  return text;
}

}  // namespace

PublicKey::PublicKey(std::string_view text) {
  const auto begin = text.find_first_not_of(" \t\r\n");
  const auto end = text.find_last_not_of(" \t\r\n");
  text = begin == std::string_view::npos ? "" : text.substr(begin, end - begin + 1);
  if (text.starts_with("whpk_")) {
    const auto bytes = webhook::decode_base64(text.substr(5));
    if (bytes && bytes->size() == 32) {
      key_ = own(EVP_PKEY_new_raw_public_key(
          EVP_PKEY_ED25519, nullptr, reinterpret_cast<const unsigned char*>(bytes->data()), 32));
    }
  } else {
    const Bio memory(BIO_new_mem_buf(text.data(), static_cast<int>(text.size())), &BIO_free);
    key_ = memory ? read_pem(memory.get(), false) : nullptr;
  }
  if (!key_ || EVP_PKEY_get_base_id(raw(key_)) != EVP_PKEY_ED25519) {
    throw std::invalid_argument(
        "it is no Ed25519 public key: expected PEM (-----BEGIN PUBLIC KEY-----) or whpk_ and "
        "base64 "
        "of 32 bytes");
  }
}

bool PublicKey::verifies(std::string_view message, std::string_view signature) const {
  const MdContext context(EVP_MD_CTX_new(), &EVP_MD_CTX_free);
  return context &&
         EVP_DigestVerifyInit(context.get(), nullptr, nullptr, nullptr, raw(key_)) == 1 &&
         EVP_DigestVerify(context.get(), reinterpret_cast<const unsigned char*>(signature.data()),
                          signature.size(), reinterpret_cast<const unsigned char*>(message.data()),
                          message.size()) == 1;
}

std::string PublicKey::pem() const {
  const Bio memory(BIO_new(BIO_s_mem()), &BIO_free);
  if (!memory || PEM_write_bio_PUBKEY(memory.get(), raw(key_)) != 1) {
    throw std::runtime_error("libcrypto cannot write a public key");
  }
  return text_of(memory.get());
}

std::string PublicKey::compact() const {
  std::string bytes(32, '\0');
  std::size_t size = bytes.size();
  if (EVP_PKEY_get_raw_public_key(raw(key_), reinterpret_cast<unsigned char*>(bytes.data()),
                                  &size) != 1) {
    throw std::runtime_error("libcrypto cannot read a public key");
  }
  return "whpk_" + webhook::encode_base64(bytes);
}

SigningKey SigningKey::open(const std::string& file) {
  const int fd = ::open(file.c_str(), O_RDONLY | O_CLOEXEC);
  if (fd < 0 && errno != ENOENT) {
    refuse(file, std::string("cannot be opened: ") + std::strerror(errno));
  }
  std::string text;
  if (fd < 0) {
    text = make_key_file(file);
  } else {
    try {
      text = read_key_file(fd, file);
    } catch (...) {
      close(fd);
      throw;
    }
    close(fd);
  }
  const Bio memory(BIO_new_mem_buf(text.data(), static_cast<int>(text.size())), &BIO_free);
  auto key = memory ? read_pem(memory.get(), true) : nullptr;
  OPENSSL_cleanse(text.data(), text.size());
  if (!key || EVP_PKEY_get_base_id(raw(key)) != EVP_PKEY_ED25519) {
    refuse(
        file,
        "holds no Ed25519 private key in PEM: make one with `openssl genpkey -algorithm ed25519`");
  }
  return SigningKey(std::move(key));
}

std::string SigningKey::sign(std::string_view message) const {
  const MdContext context(EVP_MD_CTX_new(), &EVP_MD_CTX_free);
  std::string signature(64, '\0');
  std::size_t size = signature.size();
  if (!context || EVP_DigestSignInit(context.get(), nullptr, nullptr, nullptr, raw(key_)) != 1 ||
      EVP_DigestSign(context.get(), reinterpret_cast<unsigned char*>(signature.data()), &size,
                     reinterpret_cast<const unsigned char*>(message.data()), message.size()) != 1) {
    throw std::runtime_error("libcrypto cannot sign a checkpoint");
  }
  return signature;
}

}  // namespace aev::security
