#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include <aev/plugin.hpp>

#include "field_table.h"
#include "observation.h"

namespace aev::security {

/// Reads the data of events in one pass: takes out what rules look at, and writes the data down
/// with credentials masked. Rules see the masked values only, so nothing that is kept anywhere
/// holds more. Confined to one thread; keeps its memory.
class EventReader {
 public:
  /// `fields` outlives this object. Data above `max_data` bytes is written as the fields alone.
  EventReader(const FieldTable& fields, std::size_t max_data);
  ~EventReader();
  EventReader(const EventReader&) = delete;
  EventReader& operator=(const EventReader&) = delete;

  /// What is left of a leased event; valid until the next call.
  [[nodiscard]] const Observation& read(const sdk::Event& event);

  /// The masked data of the event read last, as JSON.
  [[nodiscard]] std::string_view data() const { return data_; }

  /// Reads an event's entry of the audit trail back: the same as read() saw. Throws
  /// std::runtime_error if `body` is none.
  [[nodiscard]] const Observation& read_entry(std::string_view body);

 private:
  struct Impl;
  void read_data(std::string_view data);
  void shorten(std::size_t bytes);

  const FieldTable& fields_;
  const std::size_t max_data_;
  std::unique_ptr<Impl> impl_;
  Observation seen_;
  std::string data_;
};

/// Appends an event's entry: everything that read_entry() needs.
void append_event_entry(std::string& out, const Observation& event, std::string_view data);

}  // namespace aev::security
