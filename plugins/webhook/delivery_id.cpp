#include "delivery_id.h"

#include <openssl/sha.h>

namespace aev::webhook {

std::string delivery_id(std::string_view subscriber,
                        const sdk::Batch& batch,
                        std::uint32_t first,
                        std::uint32_t count) {
  std::string text(subscriber);
  for (std::uint32_t i = first; i < first + count; ++i) {
    text += '\0';  // so that no two lists of names give the same text
    text += batch[i].id();
  }
  unsigned char digest[SHA256_DIGEST_LENGTH];
  SHA256(reinterpret_cast<const unsigned char*>(text.data()), text.size(), digest);
  // Crockford's base32 alphabet in lower case: no letters that are mistaken for digits.
  constexpr char kAlphabet[] = "0123456789abcdefghjkmnpqrstvwxyz";
  std::string id = "msg_";
  unsigned window = 0;
  int bits = 0;
  for (std::size_t byte = 0; id.size() < 4 + 26; ++byte) {
    window = (window << 8) | digest[byte];
    bits += 8;
    while (bits >= 5 && id.size() < 4 + 26) {
      bits -= 5;
      id += kAlphabet[(window >> bits) & 31];
    }
  }
  return id;
}

}  // namespace aev::webhook
