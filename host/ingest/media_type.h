#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

namespace aev::ingest {

/// How the events of a request are written.
enum class Format : std::uint8_t {
  kJson,              ///< native, Aragora stream or Aragora bus: one object or an array
  kNdjson,            ///< the same, one per line
  kCloudEvent,        ///< structured mode
  kCloudEventBatch,   ///< batched mode
  kCloudEventBinary,  ///< binary mode: attributes in ce-* headers
};

/// The label of metrics.
[[nodiscard]] std::string_view to_string(Format format);

/// The format that Content-Type and the presence of `ce-` headers stand for; nullopt if none. A
/// charset other than UTF-8 is none.
[[nodiscard]] std::optional<Format> format_of(std::string_view content_type, bool has_ce_headers);

/// What to say to a producer whose Content-Type is not known.
inline constexpr std::string_view kKnownTypes =
    "send application/json, application/x-ndjson, application/cloudevents+json, "
    "application/cloudevents-batch+json, or any type with ce-* headers (CloudEvents binary mode), "
    "in "
    "UTF-8";

}  // namespace aev::ingest
