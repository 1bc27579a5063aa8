#include "app/table.h"

#include <algorithm>

namespace aev::app {
namespace {

constexpr std::size_t kMaxCell = 60;

/// Characters, not bytes, so that columns line up; control characters become spaces.
std::size_t width_of(const std::string& cell) {
  return static_cast<std::size_t>(
      std::count_if(cell.begin(), cell.end(), [](char c) { return (c & 0xc0) != 0x80; }));
}

std::string fit(const std::string& cell) {
  std::string text;
  std::size_t width = 0;
  for (const char each : cell) {
    if ((each & 0xc0) != 0x80 && ++width > kMaxCell) {
      return text + "…";
    }
    text += static_cast<unsigned char>(each) < 0x20 ? ' ' : each;
  }
  return text;
}

void append_row(std::string& out,
                const std::vector<std::string>& cells,
                const std::vector<std::size_t>& widths) {
  for (std::size_t i = 0; i < cells.size(); ++i) {
    out += cells[i];
    if (i + 1 < cells.size()) {
      out.append(widths[i] - width_of(cells[i]) + 2, ' ');
    }
  }
  out += '\n';
}

}  // namespace

std::string format_table(const std::vector<std::string>& headings,
                         const std::vector<std::vector<std::string>>& rows) {
  std::vector<std::vector<std::string>> fitted{headings};
  for (const auto& row : rows) {
    auto& cells = fitted.emplace_back();
    for (const auto& cell : row) {
      cells.push_back(fit(cell));
    }
  }
  std::vector<std::size_t> widths(headings.size());
  for (const auto& row : fitted) {
    for (std::size_t i = 0; i < row.size(); ++i) {
      widths[i] = std::max(widths[i], width_of(row[i]));
    }
  }
  std::string out;
  for (const auto& row : fitted) {
    append_row(out, row, widths);
  }
  return out;
}

}  // namespace aev::app
