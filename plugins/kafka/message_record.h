#pragma once

#include <string>
#include <string_view>

#include <aev/plugin.hpp>

#include "publish_options.h"
#include "rdkafka_handles.h"

namespace aev::kafka {

/// True if the value of the event's message is its data, byte for byte, where it lies.
[[nodiscard]] constexpr bool value_is_data(MessageFormat format) noexcept {
  return format == MessageFormat::kCloudEventsBinary;
}

/// Appends the value of the event's message; nothing for a format whose value is the data.
void append_value(std::string& out, MessageFormat format, const sdk::Event& event);

/// The headers of the event's message: `content-type`, the attributes of CloudEvents (Kafka
/// protocol binding, section 3.2.3) in binary mode, `aragora_replay` for an event that is sent
/// again on demand, and the configured ones.
[[nodiscard]] HeadersPtr make_headers(const PublishOptions& options, const sdk::Event& event);

}  // namespace aev::kafka
