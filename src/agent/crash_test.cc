// Kill -9 at every point of an agent's run, and again at every point of what resumes it (crash_testing.h).
#include "agent/crash_testing.h"

namespace atelier {
namespace {

Agent Worker(AgentTools tools) {
  Agent agent;
  agent.config.name = "worker", agent.config.model = "m";
  agent.tools = std::move(tools);
  return agent;
}

TEST(Crash, KilledAtEveryPointNoCallHasTwoEffects) {
  EXPECT_GT(CrashPlay(Worker, CallThreeTimes).KillEverywhere(), 20);
}

TEST(Crash, KilledAgainWhileResuming) {
  const CrashPlay play(Worker, CallThreeTimes);
  for (int first = 3; first < 18; first += 4) {
    for (int second = 0; second < 12; second += 3) play.KillTwice(first, second);
  }
}

}  // namespace
}  // namespace atelier
