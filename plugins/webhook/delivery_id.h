#pragma once

#include <string>
#include <string_view>

#include <aev/plugin.hpp>

namespace aev::webhook {

/// `msg_` and 26 characters of base32, from the SHA-256 of the subscriber's name and the ids of the
/// events: the same on every attempt and after restarts, different for each subscriber.
[[nodiscard]] std::string delivery_id(std::string_view subscriber,
                                      const sdk::Batch& batch,
                                      std::uint32_t first,
                                      std::uint32_t count);

}  // namespace aev::webhook
