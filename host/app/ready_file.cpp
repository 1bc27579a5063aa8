#include "app/ready_file.h"

#include <cstdio>
#include <fstream>

namespace aev::app {

bool write_ready_file(const std::string& path, const std::string& url) {
  const std::string unfinished = path + ".new";
  {
    std::ofstream out(unfinished);
    out << url << '\n';
    if (!out.flush()) {
      return false;
    }
  }
  return std::rename(unfinished.c_str(), path.c_str()) == 0;
}

}  // namespace aev::app
