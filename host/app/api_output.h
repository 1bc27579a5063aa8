#pragma once

#include <string>
#include <vector>

#include "app/api_client.h"
#include "app/exit_code.h"

namespace CLI {
class App;
}

namespace aev::app {

/// Adds --format text|json.
void add_format_option(CLI::App& verb, std::string& format);

/// A column of a listing: its heading and the member of each item that it shows (`latency_ms.p99`
/// reaches into nested objects).
struct Column {
  std::string heading;
  std::string member;
};

/// Makes the call and prints what came: the JSON as it is, or the array `list` of the answer as a
/// table. With an empty `list` the answer is one object, printed a member a line. A refusal goes to
/// standard error.
[[nodiscard]] ExitCode call_and_print(ApiClient& client,
                                      const std::string& method,
                                      const std::string& path,
                                      const Parameters& query,
                                      const std::string& format,
                                      const std::string& list = {},
                                      const std::vector<Column>& columns = {});

}  // namespace aev::app
