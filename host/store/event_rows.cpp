#include "store/event_rows.h"

#include <cstring>
#include <vector>

namespace aev::store {
namespace {

/// Beyond so many different sets the cache starts anew; there are as many as combinations of
/// routes.
constexpr std::size_t kMaxSharedTargets = 4096;

void append_length(std::string& out, std::size_t length) {
  const auto narrow = static_cast<std::uint32_t>(length);
  char bytes[sizeof(narrow)];
  std::memcpy(bytes, &narrow, sizeof(narrow));
  out.append(bytes, sizeof(narrow));
}

/// Takes a length-prefixed text off the front of `from`; false if it is cut short.
bool take_text(std::string_view& from, std::string_view& text) {
  std::uint32_t length = 0;
  if (from.size() < sizeof(length)) {
    return false;
  }
  std::memcpy(&length, from.data(), sizeof(length));
  from.remove_prefix(sizeof(length));
  if (from.size() < length) {
    return false;
  }
  text = from.substr(0, length);
  from.remove_prefix(length);
  return true;
}

}  // namespace

Result<EventWriter> EventWriter::create(Connection& connection) {
  AEV_ASSIGN(Statement insert,
             connection.prepare("INSERT INTO events(" + std::string(kEventColumns) +
                                ") VALUES(?,?,?,?,?,?,?,?,?,?,?)"));
  return EventWriter(std::move(insert));
}

Result<void> EventWriter::insert(const events::RoutedEvent& routed) {
  const events::Event& event = *routed.event;
  attributes_.clear();
  for (const auto& attribute : event.attributes()) {
    append_length(attributes_, attribute.name.size());
    attributes_ += attribute.name;
    append_length(attributes_, attribute.value.size());
    attributes_ += attribute.value;
  }
  return insert_.bind(1, static_cast<std::int64_t>(event.seq()))
      .bind_text(2, event.id())
      .bind_text(3, event.event_type())
      .bind_text(4, event.debate_id())
      .bind(5, event.received_unix_ns())
      .bind(6, event.time_unix_ns())
      .bind_text(7, event.source())
      .bind_text(8, event.content_type())
      .bind_blob(9, routed.targets->encoded())
      .bind_blob(10, attributes_)
      .bind_blob(11, event.data())
      .run();
}

Result<events::Targets> EventReader::targets(std::string_view encoded) {
  if (const auto found = shared_.find(std::string(encoded)); found != shared_.end()) {
    return found->second;
  }
  AEV_ASSIGN(events::Targets made, events::TargetSet::decode(encoded));
  if (shared_.size() >= kMaxSharedTargets) {
    shared_.clear();
  }
  shared_.emplace(encoded, made);
  return made;
}

Result<events::RoutedEvent> EventReader::read(const Statement& row) {
  std::vector<events::Attribute> attributes;
  std::string_view rest = row.bytes(9);
  while (!rest.empty()) {
    events::Attribute attribute;
    if (!take_text(rest, attribute.name) || !take_text(rest, attribute.value)) {
      return Error{
          ErrorCode::kCorrupt,
          "the attributes of stored event " + std::to_string(row.integer(0)) + " are damaged",
          {}};
    }
    attributes.push_back(attribute);
  }
  events::EventFields fields;
  fields.id = row.bytes(1);
  fields.event_type = row.bytes(2);
  fields.debate_id = row.bytes(3);
  fields.received_unix_ns = row.integer(4);
  fields.time_unix_ns = row.integer(5);
  fields.source = row.bytes(6);
  fields.content_type = row.bytes(7);
  fields.data = row.bytes(10);
  fields.attributes = attributes;
  events::RoutedEvent routed;
  AEV_ASSIGN(routed.targets, targets(row.bytes(8)));
  routed.event = events::Event::create(fields);
  routed.event.mutable_event().set_seq(static_cast<events::Seq>(row.integer(0)));
  return routed;
}

}  // namespace aev::store
