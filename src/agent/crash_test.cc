// Kill -9 at every point of a run, and again at every point of what resumes it. A ledger outside of the process counts
// effects: never two of one call, and none only where the run says that it does not know.
#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/wait.h>

#include <csignal>
#include <fstream>
#include <map>

#include "agent/agent_testing.h"

namespace atelier {
namespace {

// Dies at the n-th point that the process comes by.
class KillSwitch {
 public:
  explicit KillSwitch(int at) : left_(at) {}
  void Point() {
    if (left_-- == 0) raise(SIGKILL);
  }

 private:
  int left_;
};

// O_APPEND and one write: a line is there or not.
void WriteDown(const std::filesystem::path& ledger, const std::string& key) {
  const int fd = open(ledger.c_str(), O_WRONLY | O_CREAT | O_APPEND, 0600);
  const std::string line = key + "\n";
  CHECK(write(fd, line.data(), line.size()) == static_cast<ssize_t>(line.size()));
  close(fd);
}

std::map<std::string, int> ReadLedger(const std::filesystem::path& ledger) {
  std::map<std::string, int> times;
  std::ifstream file(ledger);
  for (std::string line; std::getline(file, line);) ++times[line];
  return times;
}

std::shared_ptr<AgentTool> EffectTool(std::string name, bool idempotent, std::filesystem::path ledger,
                                      KillSwitch* kill) {
  ToolSpec spec;
  spec.name = std::move(name), spec.idempotent = idempotent;
  return std::make_shared<FunctionTool>(std::move(spec),
                                        [ledger = std::move(ledger), kill](const ToolCallInfo& info, const Json&) {
                                          kill->Point();
                                          WriteDown(ledger, info.idempotency_key);
                                          kill->Point();
                                          return ToolOutput{.text = "done"};
                                        });
}

// First "once" and "again" beside each other, then "once" alone, then the answer.
Said Script(const GenerationRequest& request, KillSwitch* kill) {
  kill->Point();
  const Json& messages = std::get<ChatPrompt>(request.prompt).messages;
  int num_answers = 0;
  for (const Json& message : messages.items()) num_answers += message["role"] == Json("assistant") ? 1 : 0;
  if (num_answers == 0) {
    Said said = Said::Calling("once", "{}", "a");
    said.calls.push_back({.id = "b", .name = "again", .arguments = "{}"});
    return said;
  }
  if (num_answers == 1) return Said::Calling("once", "{}", "c");
  return Said{.text = "all done"};
}

// One life in a process of its own. `answer`: what a person says of calls whose outcome is unknown, if any.
void Live(const std::filesystem::path& folder, int kill_at) {
  KillSwitch kill(kill_at);
  Agent agent;
  agent.config.name = "worker", agent.config.model = "m";
  const auto ledger = folder / "ledger";
  agent.tools = {EffectTool("once", false, ledger, &kill), EffectTool("again", true, ledger, &kill)};
  AgentLife life(folder, std::move(agent), [&](const GenerationRequest& request) { return Script(request, &kill); });
  const OnAgentEvent at_event = [&](const AgentEvent&) { kill.Point(); };
  const auto runs = life.journal().List({});
  CHECK(runs.ok());
  const auto row = runs->empty() ? life.Start("go", at_event) : life.Resume(runs->front().id, at_event);
  CHECK_MSG(row.ok(), row.error().Message());
}

bool DiedOf(int signal, pid_t child) {
  int status = 0;
  CHECK(waitpid(child, &status, 0) == child);
  return WIFSIGNALED(status) && WTERMSIG(status) == signal;
}

// True where it was killed.
bool LiveInAChild(const std::filesystem::path& folder, int kill_at) {
  const pid_t child = fork();
  if (child == 0) {
    Live(folder, kill_at);
    _exit(0);
  }
  return DiedOf(SIGKILL, child);
}

// Lives on, without further kills, until the run ends; a person says "do not make it again" of what is unknown.
// Returns how many calls were unknown.
int LiveToTheEnd(const std::filesystem::path& folder) {
  int num_unknown = 0;
  for (int life = 0; life < 5; ++life) {
    CHECK(!LiveInAChild(folder, 1'000'000));
    AgentLife desk(folder, Agent{}, [](const GenerationRequest&) { return Said{}; });
    const auto row = desk.journal().List({}).value().front();
    if (row.status == RunStatus::kCompleted) {
      EXPECT_EQ(row.outcome["text"], Json("all done"));
      return num_unknown;
    }
    EXPECT_EQ(row.status, RunStatus::kWaiting) << row.outcome.Dump();
    const auto questions = desk.Wait(desk.runs().Questions(row.id));
    for (const OpenQuestion& open : *questions) {
      EXPECT_EQ(open.question["reason"], Json("outcome_unknown"));
      ++num_unknown;
      PersonAnswer answer{.decision = "reject"};
      EXPECT_TRUE(desk.Wait(desk.runs().Answer(row.id, open.path, std::move(answer))).ok());
    }
  }
  ADD_FAILURE() << "the run never ended";
  return num_unknown;
}

void CheckLedger(const std::filesystem::path& folder, int num_unknown, const std::string& how) {
  int num_once = 0, num_again = 0;
  for (const auto& [key, times] : ReadLedger(folder / "ledger")) {
    const bool idempotent = key.ends_with("/3.1");
    (idempotent ? num_again : num_once) += 1;
    if (!idempotent) {
      EXPECT_EQ(times, 1) << key << " " << how;
    }
  }
  EXPECT_EQ(num_again, 1) << how << ": one effect under one key, however often it was made";
  EXPECT_LE(num_once, 2) << how;
  EXPECT_GE(num_once + num_unknown, 2) << how << ": a call without effect is one that the run does not know of";
}

TEST(Crash, KilledAtEveryPointNoCallHasTwoEffects) {
  int num_points = 0;
  for (int at = 0;; ++at) {
    TestFolder folder;
    if (!LiveInAChild(folder.path(), at)) break;
    ++num_points;
    // Before the run's row is there, there is nothing to resume.
    CheckLedger(folder.path(), LiveToTheEnd(folder.path()), "killed at " + std::to_string(at));
  }
  EXPECT_GT(num_points, 20);
}

TEST(Crash, KilledAgainWhileResuming) {
  for (int first = 3; first < 18; first += 4) {
    for (int second = 0; second < 12; second += 3) {
      TestFolder folder;
      ASSERT_TRUE(LiveInAChild(folder.path(), first));
      LiveInAChild(folder.path(), second);
      CheckLedger(folder.path(), LiveToTheEnd(folder.path()),
                  "killed at " + std::to_string(first) + " and " + std::to_string(second));
    }
  }
}

}  // namespace
}  // namespace atelier
