#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "frame.h"

namespace aev::websocket {

/// `{"type":TYPE,"data":DATA}` as a frame; `data_json` is JSON text. With a debate id it also says
/// `"debate_id"`.
[[nodiscard]] FrameRef make_message(std::string_view type,
                                    std::string_view data_json,
                                    std::string_view debate_id = {});

/// `{"type":"error","data":{"message","code","error_type"?}}`.
[[nodiscard]] FrameRef make_error(int code,
                                  std::string_view message,
                                  std::string_view error_type = {});

/// Several envelopes as one JSON array. Not for none.
[[nodiscard]] FrameRef make_array(std::span<const FrameRef> frames);

/// Appends `"name":"text"` with a comma before it unless `out` ends with `{`.
void append_text_member(std::string& out, std::string_view name, std::string_view text);

/// Likewise for a number, or any other JSON text.
void append_json_member(std::string& out, std::string_view name, std::string_view json);

}  // namespace aev::websocket
