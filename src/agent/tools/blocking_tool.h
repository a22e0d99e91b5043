// A tool that is a function which may block: it runs on the environment's pool. What the function can wait for is told
// as time that is left, because a blocking wait knows the machine's clock alone.
#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <stop_token>
#include <string>

#include "agent/tools/tool_entry.h"

namespace atelier {

struct BlockingCall {
  ToolCallInfo info;
  std::stop_token stop;
  Clock::TimePoint until;                      // the call's deadline on Clock::Real()
  std::chrono::milliseconds TimeLeft() const;  // at least 1 ms, at most a day
  bool over() const { return stop.stop_requested() || Clock::Real().Now() >= until; }
};

using BlockingFunction = std::function<Result<ToolOutput>(const BlockingCall& call, const Json& arguments)>;

// Errors of its Run: kCancelled or kTimeout where the call was over before the function began; the function's own.
std::shared_ptr<AgentTool> MakeBlockingTool(const ToolEnvironment& environment, ToolSpec spec,
                                            BlockingFunction function);

// An answer that says what went wrong, for the model to read.
inline ToolOutput ToolFailure(std::string text) { return {.text = std::move(text), .is_error = true}; }
inline ToolOutput ToolFailure(const Error& error) { return ToolFailure(error.Message()); }

}  // namespace atelier
