#include "routing/flat_event.h"

namespace aev::routing {
namespace {

/// A thread does not keep more than these from event to event.
constexpr std::size_t kKeepBlocks = 64;
constexpr std::size_t kKeepPlaces = 1 << 14;

}  // namespace

void FlatEvent::reset(std::size_t paths) {
  if (blocks_.size() > kKeepBlocks) {
    blocks_.resize(kKeepBlocks);
  }
  if (places_.capacity() > kKeepPlaces) {
    std::vector<Place>().swap(places_);
  }
  fields_ = 0;
  places_.clear();
  places_.push_back({});
  present_.clear();
  arrays_ = 0;
  ++generation_;  // makes every head one of an earlier event
  if (heads_.size() < paths) {
    heads_.resize(paths);
  }
}

void FlatEvent::forget_from(std::uint32_t count) {
  std::erase_if(present_, [this, count](PathId path) {
    Head& head = heads_[path];
    if (head.first >= count) {
      head.generation = 0;
      return true;
    }
    head = {generation_, head.first, head.first, head.first, field(head.first).place == 0};
    for (std::uint32_t next = field(head.last).next; next < count; next = field(next).next) {
      head.last = next;
      head.unplaced = head.unplaced || field(next).place == 0;
    }
    field_at(head.last).next = FlatField::kNone;
    return false;
  });
  fields_ = count;
}

std::uint32_t FlatEvent::open_place(std::uint32_t parent, std::uint32_t array) {
  places_.push_back({parent, array, 0});
  return static_cast<std::uint32_t>(places_.size() - 1);
}

void FlatEvent::close_place(std::uint32_t place) {
  places_[place].end = static_cast<std::uint32_t>(places_.size());
}

}  // namespace aev::routing
