#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "events/event.h"
#include "ingest/event_draft.h"
#include "ingest/event_id.h"
#include "ingest/event_problem.h"
#include "ingest/json_event_reader.h"

namespace aev::ingest {

/// What the objects of a document are.
enum class Shape : std::uint8_t { kNative, kCloudEvent };

/// Turns documents into events: checks every field, gives ids and times where there are none, and
/// makes each event in one allocation. Keeps its buffers. Confined to one thread.
class EventDecoder {
 public:
  using Item = std::variant<events::EventRef, EventProblem>;

  /// Begins with a document: one object or an array of them. `json` has kJsonPadding readable bytes
  /// behind it and outlives the decoding. An event larger than `max_event_bytes` is kTooLarge.
  [[nodiscard]] std::optional<EventProblem> open(std::string_view json,
                                                 Shape shape,
                                                 std::size_t max_event_bytes);

  [[nodiscard]] bool is_array() const { return reader_.is_array(); }

  /// The next event or what is wrong with it; nothing at the end. After a kMalformed problem that
  /// broken() confirms, nothing follows.
  [[nodiscard]] std::optional<Item> next(std::int64_t now_unix_ns);

  /// True if the document itself is not JSON, so that what follows cannot be read.
  [[nodiscard]] bool broken() const { return broken_; }

  /// The event of a request in CloudEvents binary mode; see decode_binary_cloud_event.
  [[nodiscard]] Item binary(
      const std::vector<std::pair<std::string_view, std::string_view>>& headers,
      std::string_view content_type,
      std::string_view body,
      std::int64_t now_unix_ns);

  /// The event of fields that need no decoding, with an id and a time where there are none.
  [[nodiscard]] Item given(const events::EventFields& fields, std::int64_t now_unix_ns);

  /// Frees what a large document left behind.
  void shrink() { reader_.shrink(kKeepBytes); }

 private:
  static constexpr std::size_t kKeepBytes = 256 * 1024;

  Item make(std::int64_t now_unix_ns);

  JsonEventReader reader_;
  EventIdGenerator ids_;
  EventDraft draft_;
  Shape shape_ = Shape::kNative;
  std::size_t max_event_bytes_ = 0;
  bool broken_ = false;
};

}  // namespace aev::ingest
