// Lines for people, on stderr: time, level, message. Not for records: those are traces and metrics.
// Thread-safe. COST: below the level, one atomic load.
#pragma once

#include <string_view>

#include "base/result.h"

namespace atelier {

enum class LogLevel { kTrace, kDebug, kInfo, kWarn, kError, kOff };

void SetLogLevel(LogLevel level);  // kInfo at start
bool LogEnabled(LogLevel level);
Result<LogLevel> ParseLogLevel(std::string_view name);  // "trace" … "off"

void Log(LogLevel level, std::string_view message);
inline void LogDebug(std::string_view message) { Log(LogLevel::kDebug, message); }
inline void LogInfo(std::string_view message) { Log(LogLevel::kInfo, message); }
inline void LogWarn(std::string_view message) { Log(LogLevel::kWarn, message); }
inline void LogError(std::string_view message) { Log(LogLevel::kError, message); }

}  // namespace atelier
