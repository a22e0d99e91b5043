#include "observe/log.h"

#include <spdlog/sinks/stdout_color_sinks.h>
#include <spdlog/spdlog.h>

#include <atomic>

namespace atelier {
namespace {

constexpr std::string_view kNames[] = {"trace", "debug", "info", "warn", "error", "off"};

std::atomic<LogLevel>& Level() {
  static std::atomic<LogLevel> level = LogLevel::kInfo;
  return level;
}

spdlog::logger& Stderr() {
  // Never destroyed: what ends after main may still have something to say.
  static spdlog::logger* const logger = [] {
    auto* made = new spdlog::logger("atelier", std::make_shared<spdlog::sinks::stderr_color_sink_mt>());
    made->set_level(spdlog::level::trace);
    made->flush_on(spdlog::level::trace);
    made->set_pattern("%Y-%m-%d %H:%M:%S.%e %^%l%$ %v");
    return made;
  }();
  return *logger;
}

}  // namespace

void SetLogLevel(LogLevel level) { Level().store(level, std::memory_order_relaxed); }

bool LogEnabled(LogLevel level) { return level != LogLevel::kOff && level >= Level().load(std::memory_order_relaxed); }

Result<LogLevel> ParseLogLevel(std::string_view name) {
  for (size_t i = 0; i < std::size(kNames); ++i) {
    if (kNames[i] == name) return static_cast<LogLevel>(i);
  }
  return Error::Invalid("log level",
                        "got '" + std::string(name) + "', want one of trace, debug, info, warn, error, off");
}

void Log(LogLevel level, std::string_view message) {
  if (!LogEnabled(level)) return;
  // Levels of both count up from trace. The message may be a client's: line breaks would forge lines.
  std::string line(message);
  for (char& c : line) {
    if (c == '\n' || c == '\r') c = ' ';
  }
  Stderr().log(static_cast<spdlog::level::level_enum>(level), spdlog::string_view_t(line));
}

}  // namespace atelier
