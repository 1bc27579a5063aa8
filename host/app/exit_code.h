#pragma once

namespace aev::app {

/// What the program's exit status says; 78 is EX_CONFIG of sysexits.h.
enum ExitCode : int { kExitOk = 0, kExitFailed = 1, kExitUsage = 2, kExitBadConfig = 78 };

}  // namespace aev::app
