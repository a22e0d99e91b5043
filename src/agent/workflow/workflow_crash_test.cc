// Kill -9 at every point of a workflow with branches beside each other (agent/crash_testing.h).
#include "agent/crash_testing.h"
#include "agent/workflow/workflow_testing.h"

namespace atelier {
namespace {

// Two branches, each a prompt and a call, then the call that may not be repeated once more.
constexpr char kBranches[] = R"({"name": "worker", "nodes": [
    {"name": "both", "parallel": {"nodes": [
      {"name": "left", "nodes": [{"name": "l1", "ask": {"prompt": "left {{ input }}"}},
                                 {"name": "l2", "tool": {"name": "once"}, "otherwise": "unknown"}]},
      {"name": "right", "nodes": [{"name": "r1", "tool": {"name": "again"}},
                                  {"name": "r2", "ask": {"prompt": "right {{ r1 }}"}}]}]}},
    {"name": "third", "map": {"over": "{{ [both.left] }}",
      "nodes": [{"name": "one", "tool": {"name": "once"}, "otherwise": "unknown"}]}},
    {"name": "end", "value": "all done"}]})";

Agent Branches(AgentTools tools) { return std::move(WorkflowAgent(kBranches, std::move(tools)).value()); }
Said Answer(const GenerationRequest& request) { return {.text = "to " + AskedLast(request)}; }

TEST(WorkflowCrash, KilledAtEveryPointNoCallHasTwoEffects) {
  EXPECT_GT(CrashPlay(Branches, Answer).KillEverywhere(), 20);
}

TEST(WorkflowCrash, KilledAgainWhileResuming) {
  const CrashPlay play(Branches, Answer);
  for (int first = 3; first < 20; first += 4) {
    for (int second = 0; second < 12; second += 3) play.KillTwice(first, second);
  }
}

}  // namespace
}  // namespace atelier
