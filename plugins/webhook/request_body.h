#pragma once

#include <string>

#include <aev/plugin.hpp>

#include "options.h"

namespace aev::webhook {

/// What one request carries: events [first, first + count) of a batch. `array` makes the body a
/// JSON array even for one event, as it is whenever the subscriber has `batch:`.
struct RequestEvents {
  sdk::Batch batch;
  std::uint32_t first = 0;
  std::uint32_t count = 1;
  bool array = false;
};

/// Appends the body in the format of `options`.
void append_body(std::string& out,
                 const Options& options,
                 const RequestEvents& events,
                 std::string_view delivery_id);

/// Media type of that body.
[[nodiscard]] std::string_view body_content_type(const Options& options,
                                                 const RequestEvents& events);

/// A CloudEvents attribute name: lower-case letters and digits only.
[[nodiscard]] bool is_cloudevents_name(std::string_view name);

/// CloudEvents needs a source; this one stands for events that came without.
inline constexpr std::string_view kDefaultSource = "/aragora-events";

}  // namespace aev::webhook
