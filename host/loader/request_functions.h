#pragma once

#include <aev/plugin.h>

namespace aev::loader {

/// The functions behind aev.emit/1, aev.history/1 and aev.state/1, for hosts of InstanceCore.
[[nodiscard]] const aev_emit& emit_functions();
[[nodiscard]] const aev_history& history_functions();
[[nodiscard]] const aev_state& state_functions();

}  // namespace aev::loader
