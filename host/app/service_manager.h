#pragma once

#include <string_view>

namespace aev::app {

/// Tells the service manager (`READY=1`, `STOPPING=1`, `RELOADING=1`) by the sd_notify protocol: a
/// datagram to $NOTIFY_SOCKET. Without that variable it does nothing. Thread-safe.
void notify_service_manager(std::string_view state);

}  // namespace aev::app
