#pragma once

#include <string_view>

#include "core/json_writer.h"
#include "delivery/dispatcher.h"
#include "events/event_schemas.h"
#include "loader/plugins.h"
#include "store/store.h"

namespace aev::admin {

/// How each resource of the API looks as JSON.
void write_event(JsonWriter& json, const events::RoutedEvent& routed);
void write_dead_letter(JsonWriter& json, const store::DeadLetterRecord& record);
void write_attempt(JsonWriter& json, const store::AttemptRecord& record);
void write_subscriber(JsonWriter& json, const delivery::SubscriberStats& stats);
void write_replay(JsonWriter& json, const store::ReplayRecord& record, std::string_view subscriber);
void write_plugin(JsonWriter& json, const loader::PluginInfo& plugin);
void write_schema(JsonWriter& json, const events::EventSchema& schema);
/// `{"event_type","valid","errors":[{"field","message","value"}…]}`; value is left out when nothing
/// is there.
void write_validation(JsonWriter& json,
                      std::string_view event_type,
                      const std::vector<events::SchemaFault>& faults);
void write_store_stats(JsonWriter& json, const store::StoreStats& stats);

[[nodiscard]] std::string_view to_string(store::DeadReason reason);

}  // namespace aev::admin
