#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string_view>
#include <vector>

#include "ingest/event_problem.h"

namespace aev::ingest {

enum class JsonKind : std::uint8_t { kString, kNumber, kBool, kNull, kObject, kArray };

/// One member of an event's JSON object. Checked all the way down.
struct JsonMember {
  std::string_view name;  ///< unescaped
  JsonKind kind = JsonKind::kNull;
  std::string_view raw;   ///< the value as sent, without white space around it
  std::string_view text;  ///< unescaped, if it is a string
};

/// Bytes that must be readable (their content means nothing) behind JSON text given to the reader.
inline constexpr std::size_t kJsonPadding = 64;

/// Reads a JSON document that is an object, or an array of objects, one object at a time and
/// without building a tree. Keeps its memory from document to document. Confined to one thread.
class JsonEventReader {
 public:
  static constexpr std::size_t kMaxMembers = 256;
  static constexpr int kMaxDepth = 128;

  JsonEventReader();
  ~JsonEventReader();
  JsonEventReader(const JsonEventReader&) = delete;
  JsonEventReader& operator=(const JsonEventReader&) = delete;

  /// Begins with `json`, which has kJsonPadding readable bytes behind it and outlives the reading.
  [[nodiscard]] std::optional<EventProblem> open(std::string_view json);

  [[nodiscard]] bool is_array() const { return array_; }

  enum class Step : std::uint8_t {
    kObject,   ///< members() is the next object
    kProblem,  ///< the next element cannot be an event: see problem()
    kBroken,   ///< the document is not JSON from here on: see problem(); nothing follows
    kEnd,
  };

  /// Goes to the next object.
  [[nodiscard]] Step next();

  /// Of the object read last; views valid until the next open().
  [[nodiscard]] const std::vector<JsonMember>& members() const { return members_; }

  /// Length of the object read last, as sent.
  [[nodiscard]] std::size_t object_bytes() const { return object_bytes_; }

  [[nodiscard]] const EventProblem& problem() const { return problem_; }

  /// Frees what a large document left behind.
  void shrink(std::size_t keep_bytes);

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
  std::vector<JsonMember> members_;
  std::size_t object_bytes_ = 0;
  EventProblem problem_;
  bool array_ = false;
};

/// Nothing if `json` is one valid JSON value of any kind, else what is wrong. `json` needs no
/// padding.
[[nodiscard]] std::optional<EventProblem> check_json(std::string_view json);

}  // namespace aev::ingest
