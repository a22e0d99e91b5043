#include "agent/run_meter.h"

#include <algorithm>

#include "base/io/sha256.h"

namespace atelier {
namespace {

std::string Of(int64_t used, int64_t most, std::string_view what) {
  return "got " + std::to_string(used) + " " + std::string(what) + ", want at most " + std::to_string(most);
}

}  // namespace

void RunMeter::AddAnswer(const Usage& usage, double cost, double seconds) {
  ++steps_;
  tokens_ += usage.prompt_tokens + usage.completion_tokens;
  cost_ += cost;
  seconds_ += seconds;
}

void RunMeter::AddOutcome(const std::string& tool, const std::string& arguments, const std::string& outcome) {
  const int32_t times = ++repeats_[Sha256Hex(tool + "\n" + arguments + "\n" + outcome)];
  if (limits_.max_repeats > 0 && times >= limits_.max_repeats) circle_ = tool;
}

std::optional<LimitReached> RunMeter::Reached() const {
  const AgentLimits& most = limits_;
  if (!circle_.empty()) {
    return LimitReached{"circle", "called " + circle_ + " " + std::to_string(most.max_repeats) +
                                      " times with the same arguments and the same outcome"};
  }
  if (most.max_steps > 0 && steps_ >= most.max_steps) {
    return LimitReached{"steps", Of(steps_, most.max_steps, "answers of models")};
  }
  if (most.max_tokens > 0 && tokens_ >= most.max_tokens) {
    return LimitReached{"tokens", Of(tokens_, most.max_tokens, "tokens")};
  }
  if (most.max_cost > 0 && cost_ >= most.max_cost) {
    return LimitReached{"cost", "got " + Json(cost_).Dump() + ", want at most " + Json(most.max_cost).Dump()};
  }
  if (most.max_seconds > 0 && seconds_ >= most.max_seconds) {
    return LimitReached{
        "seconds", "got " + Json(seconds_).Dump() + " seconds at work, want at most " + Json(most.max_seconds).Dump()};
  }
  if (bytes_ >= most.max_journal_mib << 20) {
    return LimitReached{"journal", Of(bytes_ >> 20, most.max_journal_mib, "MiB of steps")};
  }
  return std::nullopt;
}

std::optional<LimitReached> RunMeter::ReachedBy(const std::string& tool) const {
  if (limits_.max_tool_calls > 0 && calls_ >= limits_.max_tool_calls) {
    return LimitReached{"tool_calls", Of(calls_, limits_.max_tool_calls, "calls of tools")};
  }
  const auto most = limits_.max_calls_of.find(tool);
  const auto made = calls_of_.find(tool);
  const int64_t calls = made == calls_of_.end() ? 0 : made->second;
  if (most != limits_.max_calls_of.end() && calls >= most->second) {
    return LimitReached{"calls_of:" + tool, Of(calls, most->second, "calls of " + tool)};
  }
  return std::nullopt;
}

std::optional<double> RunMeter::SecondsLeft() const {
  if (limits_.max_seconds <= 0) return std::nullopt;
  return std::max(0.0, limits_.max_seconds - seconds_);
}

Json RunMeter::Body() const {
  return Json::Object(
      {{"steps", steps_}, {"tool_calls", calls_}, {"tokens", tokens_}, {"cost", cost_}, {"seconds", seconds_}});
}

}  // namespace atelier
