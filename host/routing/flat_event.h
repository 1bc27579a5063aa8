#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "routing/leaf.h"
#include "routing/path_table.h"

namespace aev::routing {

/// An element of an array that is an object or an array itself. Values inside it can only match
/// together with values of the same element. Place 0 is the event as a whole.
struct Place {
  std::uint32_t parent = 0;
  std::uint32_t array = 0;  ///< number of the array in the event
  std::uint32_t end = 0;    ///< places inside this one are numbered up to here, exclusively
};

/// One value of the event on a path that some pattern names.
struct FlatField {
  static constexpr std::uint32_t kNone = 0xFFFFFFFF;

  Leaf leaf;
  std::uint32_t place = 0;
  std::uint32_t next = kNone;  ///< the next value on the same path
};

/// What patterns can see of one event: the values on the paths that some pattern names, in the
/// order of the event, and where in its arrays they are. Confined to one thread, which keeps it
/// from event to event for its memory.
class FlatEvent {
 public:
  /// Forgets the event before. `paths` is how many paths there are.
  void reset(std::size_t paths);

  void add(PathId path, const Leaf& leaf, std::uint32_t place) {
    const std::uint32_t index = fields_++;
    if (index / kBlock == blocks_.size()) {
      blocks_.push_back(std::make_unique_for_overwrite<FlatField[]>(kBlock));
    }
    field_at(index) = {leaf, place, FlatField::kNone};
    Head& head = heads_[path];
    if (head.generation != generation_) {
      head = {generation_, index, index, index, place == 0};
      present_.push_back(path);
      return;
    }
    field_at(head.last).next = index;
    head.last = index;
    head.unplaced = head.unplaced || place == 0;
  }

  [[nodiscard]] std::uint32_t count() const { return fields_; }

  /// Undoes what was added since count() was `count`.
  void forget_from(std::uint32_t count);

  /// The first value on the path; kNone if there is none.
  [[nodiscard]] std::uint32_t first(PathId path) const {
    return heads_[path].generation == generation_ ? heads_[path].first : FlatField::kNone;
  }

  /// Stays where it is while fields are added.
  [[nodiscard]] const FlatField& field(std::uint32_t index) const {
    return blocks_[index / kBlock][index % kBlock];
  }

  /// A value on the path that is worth looking at before all others; there must be one.
  [[nodiscard]] std::uint32_t likely(PathId path) const { return heads_[path].likely; }

  void set_likely(PathId path, std::uint32_t index) { heads_[path].likely = index; }

  /// Whether a value lies outside of all arrays of objects.
  [[nodiscard]] bool has_unplaced(PathId path) const {
    return heads_[path].generation == generation_ && heads_[path].unplaced;
  }

  /// The paths that have values, in the order of their first ones.
  [[nodiscard]] const std::vector<PathId>& present() const { return present_; }

  [[nodiscard]] const Place& place(std::uint32_t index) const { return places_[index]; }

  std::uint32_t open_place(std::uint32_t parent, std::uint32_t array);
  void close_place(std::uint32_t place);

  std::uint32_t next_array() { return arrays_++; }

 private:
  struct Head {
    std::uint64_t generation = 0;
    std::uint32_t first = FlatField::kNone;
    std::uint32_t last = FlatField::kNone;
    std::uint32_t likely = FlatField::kNone;
    bool unplaced = false;
  };

  static constexpr std::uint32_t kBlock = 512;

  FlatField& field_at(std::uint32_t index) { return blocks_[index / kBlock][index % kBlock]; }

  std::vector<std::unique_ptr<FlatField[]>> blocks_;
  std::uint32_t fields_ = 0;
  std::vector<Place> places_;
  std::vector<PathId> present_;
  std::vector<Head> heads_;
  std::uint64_t generation_ = 0;
  std::uint32_t arrays_ = 0;
};

}  // namespace aev::routing
