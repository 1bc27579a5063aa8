#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "events/event.h"
#include "routing/flat_event.h"
#include "routing/json_flattener.h"
#include "routing/path_table.h"

namespace aev::routing {

/// Reads an event's canonical JSON, without writing it out, into a FlatEvent: only what lies on the
/// way to a path that some pattern names is looked at. Confined to one thread, which keeps it for
/// its memory. What has been read is good until the next begin().
class EventReader {
 public:
  /// Everything but `data` that is JSON.
  void begin(const PathTable& paths, const events::Event& event);

  /// `data`, if it is JSON; does nothing the second time.
  void read_data(const PathTable& paths, const events::Event& event);

  [[nodiscard]] const FlatEvent& flat() const { return flat_; }

  /// See FlatEvent.
  void set_likely(PathId path, std::uint32_t index) { flat_.set_likely(path, index); }

 private:
  void add_text(const PathTable& paths, std::string_view name, std::string_view text);
  void add_attribute(const PathTable& paths, const events::Attribute& attribute);

  FlatEvent flat_;
  JsonFlattener data_;
  std::vector<std::unique_ptr<JsonFlattener>> attributes_;  // each keeps the texts it has unescaped
  std::size_t attributes_used_ = 0;
  std::string timestamp_;
  std::string canonical_;
  bool data_read_ = false;
};

}  // namespace aev::routing
