#include "routing/flat_event.h"

namespace aev::routing {
namespace {

/// A thread does not keep more than this from event to event.
constexpr std::size_t kKeepFields = 1 << 14;

template <typename T>
void empty(std::vector<T>& list) {
  if (list.capacity() > kKeepFields) {
    std::vector<T>().swap(list);
  } else {
    list.clear();
  }
}

}  // namespace

void FlatEvent::reset(std::size_t paths) {
  empty(fields_);
  empty(paths_of_fields_);
  empty(places_);
  present_.clear();
  places_.push_back({});
  arrays_ = 0;
  ++generation_;  // makes every head one of an earlier event
  if (heads_.size() < paths) {
    heads_.resize(paths);
  }
}

void FlatEvent::add(PathId path, const Leaf& leaf, std::uint32_t place) {
  const auto index = static_cast<std::uint32_t>(fields_.size());
  fields_.push_back({leaf, place, FlatField::kNone});
  paths_of_fields_.push_back(path);
  Head& head = heads_[path];
  if (head.generation != generation_) {
    head = {generation_, index, index, 1, place == 0};
    present_.push_back(path);
    return;
  }
  fields_[head.last].next = index;
  head.last = index;
  ++head.count;
  head.unplaced = head.unplaced || place == 0;
}

FlatEvent::Mark FlatEvent::mark() const {
  return {fields_.size(), places_.size(), present_.size()};
}

void FlatEvent::forget_from(const Mark& mark) {
  const std::vector<FlatField> kept(fields_.begin(),
                                    fields_.begin() + static_cast<std::ptrdiff_t>(mark.fields));
  const std::vector<PathId> paths(
      paths_of_fields_.begin(),
      paths_of_fields_.begin() + static_cast<std::ptrdiff_t>(mark.fields));
  fields_.clear();
  paths_of_fields_.clear();
  present_.clear();
  places_.resize(mark.places);
  ++generation_;
  for (std::size_t i = 0; i < kept.size(); ++i) {
    add(paths[i], kept[i].leaf, kept[i].place);
  }
}

std::uint32_t FlatEvent::open_place(std::uint32_t parent, std::uint32_t array) {
  places_.push_back({parent, array, 0});
  return static_cast<std::uint32_t>(places_.size() - 1);
}

void FlatEvent::close_place(std::uint32_t place) {
  places_[place].end = static_cast<std::uint32_t>(places_.size());
}

}  // namespace aev::routing
