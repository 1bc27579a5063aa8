#include "routing/event_reader.h"

#include "core/clock.h"
#include "core/json_text.h"
#include "events/canonical_json.h"

namespace aev::routing {
namespace {

/// Rare enough to take it from the canonical form, which knows how it is written.
std::string_view base64_of(std::string_view canonical) {
  constexpr std::string_view kMember = ",\"data_base64\":\"";  // nowhere else without a backslash
  const std::size_t at = canonical.find(kMember);
  if (at == std::string_view::npos) {
    return {};
  }
  canonical.remove_prefix(at + kMember.size());
  return canonical.substr(0, canonical.find('"'));
}

}  // namespace

void EventReader::add_text(const PathTable& paths, std::string_view name, std::string_view text) {
  const std::uint32_t node = paths.child(PathTable::kRoot, name);
  if (node != PathTable::kNone && paths.path_at(node) != PathTable::kNone) {
    Leaf leaf;
    leaf.type = Leaf::Type::kString;
    leaf.text = text;
    flat_.add(paths.path_at(node), leaf, 0);
  }
}

void EventReader::add_attribute(const PathTable& paths, const events::Attribute& attribute) {
  const std::uint32_t node = paths.child(PathTable::kRoot, attribute.name);
  const std::string_view json = attribute.value;
  if (node == PathTable::kNone || json.empty()) {
    return;
  }
  if (json.size() >= 2 && json.front() == '"' && json.find('\\') == std::string_view::npos) {
    add_text(paths, attribute.name, json.substr(1, json.size() - 2));
    return;
  }
  if (attributes_used_ == attributes_.size()) {
    attributes_.push_back(std::make_unique<JsonFlattener>());
  }
  attributes_[attributes_used_++]->read(paths, node, json, flat_);
}

void EventReader::begin(const PathTable& paths, const events::Event& event) {
  flat_.reset(paths.size());
  attributes_used_ = 0;
  data_read_ = false;
  add_text(paths, "event_type", event.event_type());
  add_text(paths, "id", event.id());
  if (!event.debate_id().empty()) {
    add_text(paths, "debate_id", event.debate_id());
  }
  if (!event.source().empty()) {
    add_text(paths, "source", event.source());
  }
  if (paths.child(PathTable::kRoot, "timestamp") != PathTable::kNone) {
    timestamp_ = format_rfc3339(event.time_unix_ns());
    add_text(paths, "timestamp", timestamp_);
  }
  if (!events::is_json_media_type(event.content_type())) {
    if (!event.content_type().empty()) {
      add_text(paths, "content_type", event.content_type());
    }
    if (!event.data().empty() && is_utf8(event.data())) {
      add_text(paths, "data", event.data());
    } else if (paths.child(PathTable::kRoot, "data_base64") != PathTable::kNone &&
               !event.data().empty()) {
      canonical_.clear();
      events::append_canonical_json(canonical_, event);
      add_text(paths, "data_base64", base64_of(canonical_));
    }
  }
  for (const events::Attribute& attribute : event.attributes()) {
    add_attribute(paths, attribute);
  }
}

void EventReader::read_data(const PathTable& paths, const events::Event& event) {
  if (data_read_) {
    return;
  }
  data_read_ = true;
  const std::uint32_t node = paths.child(PathTable::kRoot, "data");
  if (node != PathTable::kNone && !event.data().empty() &&
      events::is_json_media_type(event.content_type())) {
    data_.read(paths, node, event.data(), flat_);
  }
}

}  // namespace aev::routing
