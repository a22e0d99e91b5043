// The committed tasks, and the players that say what they are worth.
#include <gtest/gtest.h>

#include "base/net/io_loop.h"
#include "base/tree_testing.h"
#include "eval/agent_player.h"
#include "eval/agent_score.h"
#include "eval/agent_trial.h"
#include "eval/agent_trial_testing.h"

namespace atelier {
namespace {

const std::string kTasks = SourcePath("/tests/agents/tasks/");

std::vector<AgentSuite> Suites() {
  std::vector<AgentSuite> suites;
  for (const char* name : {"desk.yaml", "shop.yaml", "team.yaml"}) {
    auto suite = ReadAgentSuite(Files::Real(), std::string(kTasks) + name);
    CHECK_MSG(suite.ok(), suite.error().Message());
    suites.push_back(*std::move(suite));
  }
  return suites;
}

class AgentTasks : public ::testing::Test {
 protected:
  AgentTrialResult Play(const AgentSuite& suite, const AgentTask& task, AgentPlayer& player) {
    AgentTrial::Parts parts{.loop = loop_, .pool = pool_, .clock = Clock::Real(), .model = player, .policy = "react"};
    parts.folder = TrialFolder(task.id);
    auto trial = AgentTrial::Create(std::move(parts), suite, task);
    CHECK_MSG(trial.ok(), trial.error().Message());
    auto result = loop_.RunTask((*trial)->Run(Call()));
    CHECK_MSG(result.ok(), result.error().Message());
    return *std::move(result);
  }

  IoLoop loop_;

 private:
  Pool pool_{loop_, 2};
};

TEST_F(AgentTasks, AreAllDoneByWhoKnowsHow) {
  size_t num_tasks = 0;
  for (const AgentSuite& suite : Suites()) {
    for (const AgentTask& task : suite.tasks) {
      ++num_tasks;
      EXPECT_FALSE(task.checks.empty()) << task.id;
      OraclePlayer oracle(loop_, task.moves);
      for (const std::string& failure : Play(suite, task, oracle).failures) ADD_FAILURE() << task.id << ": " << failure;
    }
  }
  EXPECT_GE(num_tasks, 60U);
}

TEST_F(AgentTasks, AreHardlyEverDoneByChance) {
  std::vector<bool> passed;
  for (const AgentSuite& suite : Suites()) {
    for (const AgentTask& task : suite.tasks) {
      RandomPlayer player(loop_, passed.size());
      passed.push_back(Play(suite, task, player).passed);
    }
  }
  EXPECT_LT(WilsonInterval(passed).high, 0.2);
}

TEST_F(AgentTasks, AreNotDoneByDoingNothing) {
  for (const AgentSuite& suite : Suites()) {
    for (const AgentTask& task : suite.tasks) {
      if (task.id == "small-talk") continue;  // where nothing is to be done
      OraclePlayer idle(loop_, {AgentMove{.answer = "Done."}});
      EXPECT_FALSE(Play(suite, task, idle).passed) << task.id;
    }
  }
}

TEST(RandomValue, KeepsItsSchema) {
  const Json schema = *Json::Parse(
      R"({"type": "object", "properties": {"n": {"type": "integer", "minimum": 3, "maximum": 5}, "b": {"type": "boolean"},
          "e": {"enum": ["x", "y"]}, "a": {"type": "array", "items": {"type": "string"}}}, "required": ["n", "e"]})");
  Random random(1);
  for (int i = 0; i < 200; ++i) {
    const Json value = RandomValue(schema, {"one", "4"}, random);
    ASSERT_TRUE(value["n"].is_number() && value["n"].AsDouble() >= 3 && value["n"].AsDouble() <= 5) << value.Dump();
    ASSERT_TRUE(value["e"] == Json("x") || value["e"] == Json("y")) << value.Dump();
    ASSERT_TRUE(!value.Has("a") || (value["a"].is_array() && value["a"][0].is_string())) << value.Dump();
  }
}

TEST(WilsonInterval, IsWhatTheFormulaGives) {
  std::vector<bool> passed(10, false);
  const Interval none = WilsonInterval(passed);
  EXPECT_DOUBLE_EQ(none.mean, 0);
  EXPECT_DOUBLE_EQ(none.low, 0);
  EXPECT_NEAR(none.high, 0.2775, 1e-4);
  passed.resize(20, true);
  const Interval half = WilsonInterval(passed);
  EXPECT_NEAR(half.low, 0.2993, 1e-4);
  EXPECT_NEAR(half.high, 0.7007, 1e-4);
}

}  // namespace
}  // namespace atelier
