// The power goes with every change that the journal makes to its disk in turn, and again while the run is resumed. The
// effects are counted outside of what the cut can reach: never two of one call, and none only where the run says that
// it does not know or had not begun.
#include <gtest/gtest.h>

#include <map>

#include "agent/agent_testing.h"
#include "base/io/sim_files.h"
#include "base/store/files_vfs.h"

namespace atelier {
namespace {

// A machine: its disk, and what its programs did to the world.
class Machine {
 public:
  explicit Machine(uint64_t seed) : files_({.seed = seed}) {
    CHECK(files_.MakeFolders("/data").ok() && files_.SyncFolder("/").ok());
    CHECK(NewLife() != nullptr);  // the tables
  }

  // One life, whose power goes with the journal's change `cut_at` (0: never). False: it went.
  bool Live(int64_t cut_at) {
    std::unique_ptr<AgentLife> life = NewLife();
    files_.CutPowerAfter(cut_at);
    const auto runs = life->journal().List({});
    CHECK(runs.ok());
    static_cast<void>(runs->empty() ? life->Start("go") : life->Resume(runs->front().id));
    life = nullptr;
    const bool went = files_.power_is_off();
    if (went) files_.Restart();
    files_.CutPowerAfter(0);
    return !went;
  }

  // Lives on until the run ends; a person says "do not make it again" of what is unknown. How many calls were.
  int LiveToTheEnd() {
    int num_unknown = 0;
    for (int i = 0; i < 5; ++i) {
      CHECK(Live(0));
      const auto life = NewLife();
      const RunRow row = life->journal().List({}).value().front();
      if (row.status == RunStatus::kCompleted) return num_unknown;
      EXPECT_EQ(row.status, RunStatus::kWaiting) << row.outcome.Dump();
      const auto questions = life->Wait(life->runs().Questions(row.id));
      for (const OpenQuestion& open : *questions) {
        EXPECT_EQ(open.question["reason"], Json("outcome_unknown"));
        ++num_unknown;
        PersonAnswer answer{.decision = "reject"};
        EXPECT_TRUE(life->Wait(life->runs().Answer(row.id, open.path, std::move(answer))).ok());
      }
    }
    ADD_FAILURE() << "the run never ended";
    return num_unknown;
  }

  void CheckLedger(int num_unknown, const std::string& how) const {
    int num_once = 0, num_again = 0;
    for (const auto& [key, times] : ledger_) {
      const bool idempotent = key.ends_with("/3.1");
      (idempotent ? num_again : num_once) += 1;
      if (!idempotent) {
        EXPECT_EQ(times, 1) << key << " " << how;
      }
    }
    EXPECT_EQ(num_again, 1) << how;
    EXPECT_LE(num_once, 2) << how;
    EXPECT_GE(num_once + num_unknown, 2) << how;
  }

 private:
  std::unique_ptr<AgentLife> NewLife() {
    Agent agent;
    agent.config.name = "worker", agent.config.model = "m";
    agent.tools = {EffectTool("once", false), EffectTool("again", true)};
    return std::make_unique<AgentLife>(folder_.path(), std::move(agent), CallThreeTimes,
                                       AgentLifeOptions{.vfs = &vfs_});
  }

  std::shared_ptr<AgentTool> EffectTool(std::string name, bool idempotent) {
    ToolSpec spec;
    spec.name = std::move(name), spec.idempotent = idempotent;
    FunctionTool::Work work = [this](const ToolCallInfo& info, const Json&) -> Result<ToolOutput> {
      if (files_.power_is_off()) return Error::Unavailable("tool", "nothing runs without power");
      ++ledger_[info.idempotency_key];
      return ToolOutput{.text = "done"};
    };
    return std::make_shared<FunctionTool>(std::move(spec), std::move(work));
  }

  TestFolder folder_;  // of locks
  SimFiles files_;
  FilesVfs vfs_{files_};
  std::map<std::string, int> ledger_;
};

TEST(PowerCut, AtEveryChangeOfTheJournalNoCallHasTwoEffects) {
  int num_cuts = 0;
  for (int64_t at = 1;; ++at) {
    bool ended = false;
    for (uint64_t seed = 0; seed < 2 && !ended; ++seed) {
      Machine machine(100 * static_cast<uint64_t>(at) + seed);
      ended = machine.Live(at);
      machine.CheckLedger(machine.LiveToTheEnd(), "cut at " + std::to_string(at));
      num_cuts += ended ? 0 : 1;
    }
    if (ended) break;
  }
  EXPECT_GT(num_cuts, 40);
}

TEST(PowerCut, AgainWhileResuming) {
  for (int64_t first = 3; first < 40; first += 7) {
    for (int64_t second = 1; second < 30; second += 5) {
      Machine machine(static_cast<uint64_t>(first * 100 + second));
      machine.Live(first);
      machine.Live(second);
      machine.CheckLedger(machine.LiveToTheEnd(), "cut at " + std::to_string(first) + " and " + std::to_string(second));
    }
  }
}

}  // namespace
}  // namespace atelier
