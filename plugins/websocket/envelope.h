#pragma once

#include <string>

#include <aev/plugin.hpp>

#include "frame.h"

namespace aev::websocket {

/// Appends Aragora's stream envelope of an event:
/// `{"type","data","timestamp","round","agent","seq","agent_seq","loop_id"?,"task_id"?,
/// "correlation_id"?,"trace_id"?,"span_id"?,"id",…}`. `seq` is the host's, the one to resume from;
/// an emitter's own is kept as `emitter_seq`. Further attributes follow under their names. Data is
/// put in byte for byte if it is JSON, as a string if it is other text, else as `data_base64`.
/// `replay` adds `"replay":true`.
void append_envelope(std::string& out, const sdk::Event& event, bool replay);

/// The envelope as a frame of its own.
[[nodiscard]] FrameRef make_event_frame(const sdk::Event& event, bool replay);

}  // namespace aev::websocket
