#include "events/schema_listing.h"

#include <map>
#include <string>

#include "events/known_event_types.h"

namespace aev::events {

std::vector<EventSchema> list_schemas(const EventSchemas& schemas,
                                      bool with_known,
                                      std::string_view group) {
  std::map<std::string, EventSchema> found;
  for (const EventSchema* schema : schemas.all()) {
    found.emplace(schema->event_type, *schema);
  }
  if (with_known) {
    for (const KnownEventType& type : known_event_types()) {
      found.try_emplace(std::string(type.name),
                        EventSchema{std::string(type.name), "", std::string(type.group), {}, {}});
    }
  }
  std::vector<EventSchema> out;
  for (auto& [type, schema] : found) {
    if (group.empty() || schema.group == group) {
      out.push_back(std::move(schema));
    }
  }
  return out;
}

}  // namespace aev::events
