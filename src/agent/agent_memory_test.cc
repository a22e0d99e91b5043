#include "agent/agent_memory.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>

#include "agent/echo_testing.h"
#include "agent/run_trail.h"

namespace atelier {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

// Keeps what it is told, once for each reference, as a memory does.
class ListMemory final : public AgentMemory {
 public:
  Task<Result<std::string>> Before(Call, MemoryScope scope, MemoryConfig, AgentQuestion question) override {
    asked.push_back(std::move(question));
    scopes.push_back(std::move(scope));
    co_return tells;
  }
  Task<Result<void>> After(Call, MemoryScope scope, std::vector<MemoryTurn> told) override {
    for (MemoryTurn& turn : told) {
      if (!known.insert({scope.session, turn.reference}).second) continue;
      turn.scope = scope;
      turns.push_back(std::move(turn));
    }
    co_return Result<void>();
  }
  std::vector<std::string> Texts() const {
    std::vector<std::string> texts;
    for (const MemoryTurn& turn : turns) texts.push_back(turn.text);
    return texts;
  }

  std::string tells;
  std::vector<AgentQuestion> asked;
  std::vector<MemoryScope> scopes;
  std::vector<MemoryTurn> turns;
  std::set<std::pair<std::string, std::string>> known;
};

Json Talk(std::initializer_list<std::pair<const char*, const char*>> said) {
  Json messages = Json::Array();
  for (const auto& [role, text] : said) messages.Push(Json::Object({{"role", role}, {"content", text}}));
  return messages;
}

class AgentMemoryTest : public AgentTest {
 protected:
  AgentLife Life(FunctionModel::Answer answer) {
    Agent agent = AgentWith({Echo(Spec("echo"))});
    agent.config.memory.emplace();
    return AgentLife(folder(), std::move(agent), std::move(answer), {.memory = &memory_});
  }
  static RunRow Run(AgentLife& life, Json input, std::string conversation = {}, std::string principal = {}) {
    AgentRuns::Start start{.agent = "tester", .input = std::move(input), .principal = std::move(principal)};
    start.conversation = std::move(conversation);
    const auto id = life.Wait(life.runs().Create(std::move(start)));
    EXPECT_TRUE(id.ok()) << id.error().Message();
    return life.Resume(*id).value();
  }
  static Said Yes(const GenerationRequest&) { return {.text = "Yes."}; }

  ListMemory memory_;
};

TEST_F(AgentMemoryTest, OfAHistoryThatIsSentBackTheNewTurnAloneIsRecorded) {
  AgentLife life = Life(Yes);
  Run(life, "Do you know Ana?");
  Run(life, Talk({{"user", "Do you know Ana?"}, {"assistant", "Yes."}, {"user", "And Ben?"}}));
  EXPECT_THAT(memory_.Texts(), ElementsAre("Do you know Ana?", "Yes.", "And Ben?", "Yes."));
  EXPECT_EQ(memory_.asked.back().text, "And Ben?");
  EXPECT_THAT(memory_.asked.back().read, ElementsAre("Do you know Ana?", "Yes."));
}

TEST_F(AgentMemoryTest, ATurnThatIsAskedAnewIsRecordedOnce) {
  AgentLife life = Life(Yes);
  const Json talk = Talk({{"user", "Hello."}, {"assistant", "Hello!"}, {"user", "Do you know Ana?"}});
  Run(life, talk);
  Run(life, talk);
  EXPECT_EQ(memory_.turns.size(), 2u);
  Run(life, "Hello.");
  Run(life, "Hello.");
  EXPECT_EQ(memory_.turns.size(), 6u) << "who says hello twice has said it twice";
}

TEST_F(AgentMemoryTest, AForkIsTheTurnThatItWasForkedFrom) {
  AgentLife life = Life(Yes);
  const RunRow run = Run(life, "Hello.");
  const auto fork = life.Wait(life.runs().Fork(run.id, 1));
  ASSERT_TRUE(fork.ok());
  EXPECT_EQ(life.Resume(*fork)->status, RunStatus::kCompleted);
  EXPECT_EQ(memory_.turns.size(), 2u);
}

TEST_F(AgentMemoryTest, WhatACallersInstructionsSayIsNotRecordedAsThePersons) {
  std::string read;
  AgentLife life = Life([&](const GenerationRequest& request) {
    const Json& messages = std::get<ChatPrompt>(request.prompt).messages;
    read = messages[messages.size() - 1].Dump();
    return Said{.text = "Yes."};
  });
  Json message = Json::Object({{"role", "user"}, {"content", "Be brief.\n\nHello."}, {"said", "Hello."}});
  Run(life, Json::Array({std::move(message)}));
  EXPECT_THAT(memory_.Texts(), ElementsAre("Hello.", "Yes."));
  EXPECT_EQ(read, R"({"role":"user","content":"Be brief.\n\nHello."})") << "no model is shown the mark";
}

TEST_F(AgentMemoryTest, AConversationIsASessionAndAnEditorsAgentIsItself) {
  AgentLife life = Life(Yes);
  Agent lent = AgentWith({});
  lent.config.name = "tester@session_1", lent.config.memory.emplace();
  life.AddAgent(std::move(lent));
  Run(life, "Hello.", "context-7", "ana");
  EXPECT_EQ(memory_.scopes.back(), (MemoryScope{"ana", "tester", "context-7"}));
  Run(life, "Hello.");
  EXPECT_EQ(memory_.scopes.back().user, "me");
  EXPECT_EQ(memory_.scopes.back().session.size(), 10u) << "without a conversation, one a day";
  Run(life, "Hello.", std::string(5'000, 'x'));
  EXPECT_EQ(memory_.scopes.back().session.size(), 64u) << "whatever a client calls it, it is recorded";
  AgentRuns::Start start{.agent = "tester@session_1", .input = "Hello."};
  const auto id = life.Wait(life.runs().Create(std::move(start)));
  ASSERT_TRUE(life.Resume(id.value()).ok());
  EXPECT_EQ(memory_.scopes.back().agent, "tester");
  EXPECT_EQ(memory_.turns.back().speaker, "tester");
}

TEST_F(AgentMemoryTest, AnAgentThatIsAskedTwiceInARunRemembersBoth) {
  Agent agent = AgentWith({});
  agent.config.agents = {"helper"};
  AgentLife life(folder(), std::move(agent),
                 [](const GenerationRequest& request) {
                   const std::string last = LastContent(request);
                   if (last == "go") {
                     Said said = Said::Calling("ask_helper", R"({"task":"one"})", "a");
                     said.calls.push_back({.id = "b", .name = "ask_helper", .arguments = R"({"task":"two"})"});
                     return said;
                   }
                   return Said{.text = "did " + last.substr(0, 3)};
                 },
                 {.memory = &memory_});
  Agent helper = AgentWith({});
  helper.config.name = "helper", helper.config.memory.emplace();
  life.AddAgent(std::move(helper));
  ASSERT_EQ(life.Start("go")->status, RunStatus::kCompleted);
  EXPECT_EQ(memory_.turns.size(), 4u);
}

TEST_F(AgentMemoryTest, WhatAPersonSaidWhenAskedIsAmongTheTurns) {
  Agent agent = AgentWith({});
  agent.config.ask_person = true, agent.config.memory.emplace();
  AgentLife life(folder(), std::move(agent),
                 [](const GenerationRequest& request) {
                   return IsFirst(request) ? Said::Calling("ask_person", R"({"question":"Which colour?"})")
                                           : Said{.text = "It will be " + LastContent(request) + "."};
                 },
                 {.memory = &memory_});
  const RunRow waiting = Run(life, "Paint the door.");
  ASSERT_EQ(waiting.status, RunStatus::kWaiting);
  EXPECT_THAT(memory_.Texts(), IsEmpty());
  ASSERT_TRUE(life.Wait(life.runs().Answer(waiting.id, "", {.text = "green"})).ok());
  EXPECT_EQ(life.Resume(waiting.id)->status, RunStatus::kCompleted);
  EXPECT_THAT(memory_.Texts(), ElementsAre("Paint the door.", "Which colour?", "green", "It will be green."));
  EXPECT_EQ(memory_.turns[2].speaker, "me");
  EXPECT_TRUE(life.Wait(life.runs().Replay(Call(), waiting.id)).ok());
}

TEST_F(AgentMemoryTest, TheJournalTellsWhatARecordedAnswerCameOf) {
  AgentLife life = Life(CallThenTell);
  Run(life, "go");
  ASSERT_EQ(memory_.turns.size(), 2u);
  const std::string work = memory_.turns[1].work;
  EXPECT_EQ(memory_.turns[0].work, work);
  Pool pool(life.loop, 1);
  const auto find = WorkInJournal(life.journal(), pool);
  const auto done = life.Wait(find(work));
  ASSERT_TRUE(done.ok() && *done);
  EXPECT_THAT((*done)->worked, ElementsAre("echo"));
  EXPECT_FALSE((*done)->was_refused);
  EXPECT_FALSE(life.Wait(find("run_gone/2")).value());
  EXPECT_FALSE(life.Wait(find("nowhere")).value());
}

TEST(RunTrail, HoldsCallsThatGaveSomethingOfTheProgramItself) {
  const auto step = [](std::string path, RunStepKind kind, std::string name, Json result) {
    StepRow row;
    row.path = std::move(path), row.kind = kind, row.name = std::move(name), row.result = std::move(result);
    return row;
  };
  const Json good = Json::Object({{"text", "x"}}), bad = Json::Object({{"text", "x"}, {"is_error", true}});
  const Json no = Json::Object({{"decision", "reject"}});
  std::vector<StepRow> steps = {
      step("2.0", RunStepKind::kModel, "m", good),           step("2.0.0", RunStepKind::kTool, "search", good),
      step("2.0.1", RunStepKind::kTool, "broken", bad),      step("2.1.0.0.0", RunStepKind::kTool, "of_another", good),
      step("2.2.0", RunStepKind::kTool, "find_tools", good), step("2.2.1", RunStepKind::kTool, "read_result", good),
      step("2.3.0", RunStepKind::kTool, "sum", good),        step("22.0.0", RunStepKind::kTool, "elsewhere", good)};
  steps.push_back({.path = "2.4.0", .kind = RunStepKind::kTool, .name = "under_way"});
  EXPECT_THAT(TrailOf(steps, "2").worked, ElementsAre("search", "sum"));
  EXPECT_FALSE(TrailOf(steps, "2").was_refused);
  EXPECT_THAT(TrailOf(steps, "5").worked, IsEmpty());
  steps.push_back(step("2.3.0!", RunStepKind::kPerson, "sum", no));
  EXPECT_TRUE(TrailOf(steps, "2").was_refused);
}

}  // namespace
}  // namespace atelier
