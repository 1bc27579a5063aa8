#pragma once

#include <filesystem>
#include <stdlib.h>
#include <string>

#include <aev/fake_host.hpp>

#include "database.h"

namespace aev::security::testing {

/// A folder of its own, gone at the end.
class Folder {
 public:
  Folder() {
    std::string name = (std::filesystem::temp_directory_path() / "aev-security-XXXXXX").string();
    path_ = mkdtemp(name.data());
  }

  ~Folder() { std::filesystem::remove_all(path_); }

  Folder(const Folder&) = delete;
  Folder& operator=(const Folder&) = delete;

  [[nodiscard]] std::string file(const std::string& name) const { return path_ + "/" + name; }

 private:
  std::string path_;
};

/// A configuration with this database and these further members.
inline std::string config(const Folder& folder, const std::string& more = "") {
  return "{\"database\":\"" + folder.file("desk.db") + "\"" + (more.empty() ? "" : ",") + more +
         "}";
}

inline constexpr std::int64_t kSecond = 1'000'000'000;
inline constexpr std::int64_t kNoon = 1'772'366'400 * kSecond;

/// A failed login at noon and `second` seconds.
inline sdk::FakeEvent failure(std::uint64_t seq,
                              const std::string& address,
                              int second,
                              const std::string& user = "ada") {
  sdk::FakeEvent event;
  event.seq = seq;
  event.event_type = "auth_failure";
  event.data =
      R"({"user_id":")" + user + R"(","reason":"bad password","ip_address":")" + address + "\"}";
  event.time_unix_ns = kNoon + second * kSecond;
  return event;
}

/// Runs SQL on the file of a subscriber that does not run.
inline void tamper(const Folder& folder, const std::string& sql) {
  Database database(folder.file("desk.db"), Database::Mode::kWrite);
  database.run(sql.c_str());
}

inline bool has(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

}  // namespace aev::security::testing
