#pragma once

#include <cstdint>
#include <memory>
#include <string_view>

#include "routing/flat_event.h"
#include "routing/path_table.h"

namespace aev::routing {

/// Walks JSON documents, one at a time, and takes what lies on the way to a path. Its parser and
/// its copy of the text keep their memory. Confined to one thread.
class JsonFlattener {
 public:
  JsonFlattener();
  ~JsonFlattener();
  JsonFlattener(const JsonFlattener&) = delete;
  JsonFlattener& operator=(const JsonFlattener&) = delete;

  /// Adds what is found below `node`; nothing if the text turns out not to be JSON. Texts in `flat`
  /// are good until the next read().
  void read(const PathTable& paths, std::uint32_t node, std::string_view json, FlatEvent& flat);

 private:
  class Impl;

  std::unique_ptr<Impl> impl_;
};

}  // namespace aev::routing
