#pragma once

#include <cstdint>
#include <string>

namespace aev::bench {

/// Rows a second into a table like the host's own, WAL with full sync, `rows_per_commit` at a time.
[[nodiscard]] double bare_sqlite(const std::string& folder,
                                 std::uint64_t rows,
                                 std::uint64_t rows_per_commit,
                                 const std::string& payload);

/// POSTs a second of one thread with libcurl's multi interface and `concurrency` transfers at once.
[[nodiscard]] double bare_curl(const std::string& url,
                               std::uint64_t requests,
                               int concurrency,
                               const std::string& body);

}  // namespace aev::bench
