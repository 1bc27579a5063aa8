#pragma once

namespace aev {

/// Names the calling thread for debuggers and `top -H`; cut to 15 bytes, the kernel's limit.
void name_this_thread(const char* name) noexcept;

}  // namespace aev
