#pragma once

#include <string>
#include <vector>

namespace aev::app {

/// Columns aligned for a terminal: a line of headings, then the rows. Cells are cut at 60
/// characters.
[[nodiscard]] std::string format_table(const std::vector<std::string>& headings,
                                       const std::vector<std::vector<std::string>>& rows);

}  // namespace aev::app
