#pragma once

#include <filesystem>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "core/json_schema.h"
#include "core/result.h"
#include "events/event.h"

namespace aev::events {

/// What is wrong with an event's data.
struct SchemaFault {
  std::string field;    ///< JSON Pointer into the data; empty: the whole
  std::string message;  ///< what was expected
  std::string value;    ///< JSON text of what was found; empty: nothing is there
};

/// The JSON Schema of one event type's data.
struct EventSchema {
  std::string event_type;
  std::string title;
  std::string group;  ///< `x-group` of the schema; empty: none
  std::filesystem::path file;
  std::string json;  ///< as it stands in the file
};

/// A file that is no usable schema.
struct SchemaFileError {
  std::filesystem::path file;
  std::string message;
  int line = 0;  ///< 1-based, of what is no JSON; 0: the file as a whole
  int column = 0;
};

/// The schemas of event types, one file `<event_type>.json` each. Immutable and thread-safe.
class EventSchemas {
 public:
  /// Reads every `*.json` of the folders; a later folder's file wins over an earlier one's of the
  /// same name. A folder that is not there is skipped. Appends what cannot be used to `errors`.
  [[nodiscard]] static std::shared_ptr<const EventSchemas> load(
      const std::vector<std::filesystem::path>& folders, std::vector<SchemaFileError>& errors);

  /// The schema of the type; null if there is none.
  [[nodiscard]] const EventSchema* find(std::string_view event_type) const;

  /// All, by event type.
  [[nodiscard]] std::vector<const EventSchema*> all() const;

  /// What is wrong with the data of an event of that type; nothing if it is valid or has no schema.
  /// Data that is not JSON is one fault.
  [[nodiscard]] std::vector<SchemaFault> validate(std::string_view event_type,
                                                  std::string_view data_json) const;

  /// The quick question: true also for a type without a schema.
  [[nodiscard]] bool accepts(std::string_view event_type, std::string_view data_json) const;

 private:
  struct Entry {
    EventSchema schema;
    JsonSchema compiled;
  };

  std::map<std::string, Entry, std::less<>> entries_;
};

}  // namespace aev::events
