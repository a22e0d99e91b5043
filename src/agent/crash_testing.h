// For tests that kill -9 a process at every point of a run, and again at every point of what resumes it. A ledger
// outside of the process counts effects: never two of one call, and none only where the run says that it does not know.
//
// The run has the tools "once", which may not be repeated, and "again", which may; it calls the first twice, the other
// once, and ends with "all done", whatever the calls gave.
#pragma once

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/wait.h>

#include <csignal>
#include <fstream>
#include <functional>
#include <map>
#include <string>
#include <utility>

#include "agent/agent_testing.h"

namespace atelier {

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

class CrashPlay {
 public:
  // An agent of two tools.
  using Make = std::function<Agent(AgentTools tools)>;
  using Script = std::function<Said(const GenerationRequest& request)>;
  CrashPlay(Make make, Script script) : make_(std::move(make)), script_(std::move(script)) {}

  // Kills at every point of a first life; returns how many there were.
  int KillEverywhere() const {
    for (int at = 0;; ++at) {
      TestFolder folder;
      if (!LiveInAChild(folder.path(), at)) return at;
      CheckLedger(folder.path(), LiveToTheEnd(folder.path()), "killed at " + std::to_string(at));
    }
  }
  // At the point `first` of the first life, and at `second` of the next.
  void KillTwice(int first, int second) const {
    TestFolder folder;
    ASSERT_TRUE(LiveInAChild(folder.path(), first));
    LiveInAChild(folder.path(), second);
    CheckLedger(folder.path(), LiveToTheEnd(folder.path()),
                "killed at " + std::to_string(first) + " and " + std::to_string(second));
  }

 private:
  // O_APPEND and one write: a line is there or not.
  static void WriteDown(const std::filesystem::path& ledger, const std::string& line) {
    const int fd = open(ledger.c_str(), O_WRONLY | O_CREAT | O_APPEND, 0600);
    CHECK(write(fd, line.data(), line.size()) == static_cast<ssize_t>(line.size()));
    close(fd);
  }

  static std::shared_ptr<AgentTool> EffectTool(std::string name, bool idempotent, std::filesystem::path ledger,
                                               KillSwitch* kill) {
    ToolSpec spec;
    spec.name = name, spec.idempotent = idempotent;
    return std::make_shared<FunctionTool>(
        std::move(spec), [name, ledger = std::move(ledger), kill](const ToolCallInfo& info, const Json&) {
          kill->Point();
          WriteDown(ledger, name + " " + info.idempotency_key + "\n");
          kill->Point();
          return ToolOutput{.text = "done"};
        });
  }

  void Live(const std::filesystem::path& folder, int kill_at) const {
    KillSwitch kill(kill_at);
    const auto ledger = folder / "ledger";
    Agent agent = make_({EffectTool("once", false, ledger, &kill), EffectTool("again", true, ledger, &kill)});
    AgentLife life(folder, std::move(agent), [&](const GenerationRequest& request) {
      kill.Point();
      return script_(request);
    });
    const OnAgentEvent at_event = [&](const AgentEvent&) { kill.Point(); };
    const auto runs = life.journal().List({});
    CHECK(runs.ok());
    const auto row = runs->empty() ? life.Start("go", at_event) : life.Resume(runs->front().id, at_event);
    CHECK_MSG(row.ok(), row.error().Message());
  }

  // One life in a process of its own. True where it was killed.
  bool LiveInAChild(const std::filesystem::path& folder, int kill_at) const {
    const pid_t child = fork();
    if (child == 0) {
      Live(folder, kill_at);
      _exit(0);
    }
    int status = 0;
    CHECK(waitpid(child, &status, 0) == child);
    return WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL;
  }

  // Lives on, without further kills, until the run ends; a person says "do not make it again" of what is unknown.
  // Returns how many calls were unknown.
  int LiveToTheEnd(const std::filesystem::path& folder) const {
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

  static void CheckLedger(const std::filesystem::path& folder, int num_unknown, const std::string& how) {
    std::map<std::string, int> times;
    std::ifstream file(folder / "ledger");
    for (std::string line; std::getline(file, line);) ++times[line];
    int num_once = 0, num_again = 0;
    for (const auto& [line, num] : times) {
      const bool idempotent = line.starts_with("again ");
      (idempotent ? num_again : num_once) += 1;
      if (!idempotent) {
        EXPECT_EQ(num, 1) << line << " " << how;
      }
    }
    EXPECT_EQ(num_again, 1) << how << ": one effect under one key, however often it was made";
    EXPECT_LE(num_once, 2) << how;
    EXPECT_GE(num_once + num_unknown, 2) << how << ": a call without effect is one that the run does not know of";
  }

  Make make_;
  Script script_;
};

}  // namespace atelier
