// What a run has used, and whether it may go on: one meter for all agents of a run. Fed from steps' journalled
// outcomes, so that a replayed run has used what it had.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>

#include "agent/agent_config.h"
#include "provider/language_model.h"

namespace atelier {

// A limit that was reached: `reason` for programs ("steps", "calls_of:mail_send"), `what` for people.
struct LimitReached {
  std::string reason;
  std::string what;
};

class RunMeter {
 public:
  explicit RunMeter(AgentLimits limits) : limits_(std::move(limits)) {}
  const AgentLimits& limits() const { return limits_; }

  void AddAnswer(const Usage& usage, double cost, double seconds);
  // Before `tool` is called: the limit that is reached by it.
  std::optional<LimitReached> ReachedBy(const std::string& tool) const;
  void AddCall(const std::string& tool) { ++calls_of_[tool], ++calls_; }
  // Whether a call had the same outcome again. In the calls' order, whichever ended first.
  void AddOutcome(const std::string& tool, const std::string& arguments, const std::string& outcome);
  void AddSeconds(double seconds) { seconds_ += seconds; }
  void AddBytes(int64_t bytes) { bytes_ += bytes; }

  // Before the model is asked again.
  std::optional<LimitReached> Reached() const;
  // Seconds left at work; nothing: no bound.
  std::optional<double> SecondsLeft() const;

  Json Body() const;  // {"steps", "tokens", …}

 private:
  AgentLimits limits_;
  int64_t steps_ = 0, tokens_ = 0, calls_ = 0, bytes_ = 0;
  double cost_ = 0, seconds_ = 0;
  std::map<std::string, int64_t> calls_of_;
  std::map<std::string, int32_t> repeats_;  // by hash of call and outcome
  std::string circle_;                      // the tool that was called in circles; empty: none
};

}  // namespace atelier
