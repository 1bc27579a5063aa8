#include "config/redaction.h"

#include <algorithm>
#include <array>
#include <string>

namespace aev::config {

bool is_secret_key(std::string_view key) {
  std::string plain;
  for (const char each : key) {
    if (each >= 'A' && each <= 'Z') {
      plain += static_cast<char>(each + ('a' - 'A'));
    } else if (each != '_' && each != '-' && each != '.') {
      plain += each;
    }
  }
  static constexpr std::array<std::string_view, 10> kParts{
      "secret", "password", "passwd",     "passphrase", "token",
      "apikey", "cookie",   "credential", "privatekey", "authorization"};
  return std::any_of(kParts.begin(), kParts.end(), [&plain](std::string_view part) {
    return plain.find(part) != std::string::npos;
  });
}

}  // namespace aev::config
