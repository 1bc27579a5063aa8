#include "bare_references.h"

#include <chrono>
#include <vector>

#include <curl/curl.h>
#include <sqlite3.h>

#include "child_process.h"

namespace aev::bench {
namespace {

double seconds_since(std::chrono::steady_clock::time_point begin) {
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
}

void execute(sqlite3* database, const char* sql) {
  if (sqlite3_exec(database, sql, nullptr, nullptr, nullptr) != SQLITE_OK) {
    fail(std::string(sql) + ": " + sqlite3_errmsg(database));
  }
}

std::size_t discard(char*, std::size_t size, std::size_t count, void*) {
  return size * count;
}

}  // namespace

double bare_sqlite(const std::string& folder,
                   std::uint64_t rows,
                   std::uint64_t rows_per_commit,
                   const std::string& payload) {
  sqlite3* database = nullptr;
  if (sqlite3_open((folder + "/bare.db").c_str(), &database) != SQLITE_OK) {
    fail("cannot open a database in " + folder);
  }
  execute(database, "PRAGMA journal_mode=WAL");
  execute(database, "PRAGMA synchronous=FULL");
  execute(database,
          "CREATE TABLE IF NOT EXISTS events(seq INTEGER PRIMARY KEY, id TEXT, event_type TEXT, "
          "debate_id TEXT, time_ns INTEGER, targets BLOB, data BLOB)");
  sqlite3_stmt* insert = nullptr;
  sqlite3_prepare_v2(database,
                     "INSERT INTO events(id, event_type, debate_id, time_ns, targets, data) "
                     "VALUES(?,?,?,?,?,?)",
                     -1, &insert, nullptr);
  const auto begin = std::chrono::steady_clock::now();
  for (std::uint64_t row = 0; row < rows;) {
    execute(database, "BEGIN IMMEDIATE");
    for (std::uint64_t i = 0; i < rows_per_commit; ++i, ++row) {
      const std::string id = "evt_" + std::to_string(10'000'000'000 + row);
      sqlite3_bind_text(insert, 1, id.data(), static_cast<int>(id.size()), SQLITE_STATIC);
      sqlite3_bind_text(insert, 2, "agent_message", -1, SQLITE_STATIC);
      sqlite3_bind_text(insert, 3, "debate-17", -1, SQLITE_STATIC);
      sqlite3_bind_int64(insert, 4, static_cast<sqlite3_int64>(row));
      sqlite3_bind_blob(insert, 5, "\x01", 1, SQLITE_STATIC);
      sqlite3_bind_blob(insert, 6, payload.data(), static_cast<int>(payload.size()), SQLITE_STATIC);
      if (sqlite3_step(insert) != SQLITE_DONE) {
        fail(sqlite3_errmsg(database));
      }
      sqlite3_reset(insert);
    }
    execute(database, "COMMIT");
  }
  const double rate = static_cast<double>(rows) / seconds_since(begin);
  sqlite3_finalize(insert);
  sqlite3_close(database);
  return rate;
}

double bare_curl(const std::string& url,
                 std::uint64_t requests,
                 int concurrency,
                 const std::string& body) {
  CURLM* const multi = curl_multi_init();
  curl_slist* headers = curl_slist_append(nullptr, "Content-Type: application/json");
  headers = curl_slist_append(headers, "Expect:");
  std::vector<CURL*> handles;
  std::uint64_t started = 0;
  std::uint64_t done = 0;
  const auto begin = std::chrono::steady_clock::now();
  for (int i = 0; i < concurrency; ++i) {
    CURL* const easy = curl_easy_init();
    curl_easy_setopt(easy, CURLOPT_URL, url.c_str());
    curl_easy_setopt(easy, CURLOPT_HTTPHEADER, headers);
    curl_easy_setopt(easy, CURLOPT_POSTFIELDS, body.data());
    curl_easy_setopt(easy, CURLOPT_POSTFIELDSIZE, static_cast<long>(body.size()));
    curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, &discard);
    curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
    curl_multi_add_handle(multi, easy);
    handles.push_back(easy);
    ++started;
  }
  while (done < requests) {
    int running = 0;
    curl_multi_perform(multi, &running);
    int left = 0;
    while (const CURLMsg* const message = curl_multi_info_read(multi, &left)) {
      if (message->data.result != CURLE_OK) {
        fail(std::string("libcurl: ") + curl_easy_strerror(message->data.result));
      }
      CURL* const easy = message->easy_handle;
      curl_multi_remove_handle(multi, easy);
      ++done;
      if (started < requests) {
        curl_multi_add_handle(multi, easy);
        ++started;
      }
    }
    if (done < requests) {
      curl_multi_poll(multi, nullptr, 0, 100, nullptr);
    }
  }
  const double rate = static_cast<double>(done) / seconds_since(begin);
  for (CURL* easy : handles) {
    curl_multi_remove_handle(multi, easy);
    curl_easy_cleanup(easy);
  }
  curl_slist_free_all(headers);
  curl_multi_cleanup(multi);
  return rate;
}

}  // namespace aev::bench
