#pragma once

#include <string>

namespace aev::app {

/// Writes `url` and a line end to `path`, in one step: whoever waits for the file never reads half
/// of it. False if that fails.
[[nodiscard]] bool write_ready_file(const std::string& path, const std::string& url);

}  // namespace aev::app
