// Several agents in one run: asked, handed over to, and people asked.
#include <gtest/gtest.h>

#include "agent/echo_testing.h"

namespace atelier {
namespace {

// Agents by name, for those that ask each other.
class DeskTest : public AgentTest {
 protected:
  Agent Named(std::string name, AgentTools tools = {}) {
    Agent agent = AgentWith(std::move(tools));
    agent.config.instructions = name, agent.config.name = std::move(name);
    return agent;
  }
  std::unique_ptr<AgentLife> LifeOf(std::vector<Agent> agents, FunctionModel::Answer answer) {
    auto life = std::make_unique<AgentLife>(folder(), agents.front(), std::move(answer));
    for (Agent& agent : agents) life->AddAgent(std::move(agent));
    return life;
  }
};

bool IsFor(const GenerationRequest& request, std::string_view name) {
  return Messages(request)[0]["content"].AsString().starts_with(name);
}

TEST_F(DeskTest, AnAgentAsksAnotherWithinItsRunAndCrashesResumeInside) {
  int num_made = 0;
  bool down = true;
  Agent boss = Named("boss"), clerk = Named("clerk", {Echo(Spec("echo"), &num_made)});
  boss.config.agents = {"clerk"};
  const auto script = [&](const GenerationRequest& request) -> Said {
    if (IsFor(request, "boss")) {
      return IsFirst(request) ? Said::Calling("ask_clerk", R"({"task":"look it up"})")
                              : Said{.text = LastContent(request)};
    }
    if (IsFirst(request)) return Said::Calling("echo", R"({"x":"hi"})");
    return down ? Said{.error = Error::Unavailable("m", "is down")} : Said{.text = "found it"};
  };
  auto life = LifeOf({boss, clerk}, script);
  const auto failed = life->Start("go");
  ASSERT_TRUE(failed.ok());
  EXPECT_EQ(failed->status, RunStatus::kFailed);
  down = false;
  const auto row = life->Resume(failed->id);
  EXPECT_EQ(row->outcome["text"], Json("<data from=\"ask_clerk\">\nfound it\n</data>")) << row->outcome.Dump();
  EXPECT_EQ(num_made, 1) << "the clerk's call is in the journal of the run";
}

TEST_F(DeskTest, AgentsThatAskAgentsEndAtTheDepthThatIsAllowed) {
  Agent loop = Named("loop");
  loop.config.agents = {"loop"};
  loop.config.limits.max_depth = 3;
  auto life = LifeOf({loop}, [](const GenerationRequest& request) {
    return IsFirst(request) ? Said::Calling("ask_loop", R"({"task":"again"})") : Said{.text = LastContent(request)};
  });
  const auto row = life->Start("go");
  ASSERT_TRUE(row.ok());
  EXPECT_NE(row->outcome["text"].AsString().find("3 deep already"), std::string::npos) << row->outcome.Dump();
}

TEST_F(DeskTest, AHandedOverConversationGoesOnUnderTheOthersInstructions) {
  Agent front = Named("front"), billing = Named("billing");
  front.config.handoffs = {"billing"};
  auto life = LifeOf({front, billing}, [](const GenerationRequest& request) {
    if (IsFor(request, "front")) return Said::Calling("transfer_to_billing", "{}");
    return Said{.text = "billing reads " + std::to_string(Messages(request).size()) + " messages"};
  });
  const auto row = life->Start("my bill is wrong");
  EXPECT_EQ(row->outcome["text"], Json("billing reads 4 messages")) << row->outcome.Dump();
  EXPECT_TRUE(life->Wait(life->runs().Replay(Call(), row->id)).ok());
}

TEST_F(DeskTest, APersonIsAskedAndTheAnswerIsRead) {
  Agent desk = Named("desk");
  desk.config.ask_person = true;
  auto life = LifeOf({desk}, [](const GenerationRequest& request) {
    return IsFirst(request) ? Said::Calling("ask_person", R"({"question":"Which colour?"})")
                            : Said{.text = LastContent(request)};
  });
  const auto row = life->Start("paint it");
  ASSERT_EQ(row->status, RunStatus::kWaiting);
  EXPECT_EQ(row->outcome["questions"][0]["question"]["question"], Json("Which colour?"));
  PersonAnswer answer{.decision = "approve", .text = "Blue."};
  ASSERT_TRUE(life->Wait(life->runs().Answer(row->id, "", std::move(answer))).ok());
  EXPECT_EQ(life->Resume(row->id)->outcome["text"], Json("Blue."));
}

TEST_F(DeskTest, ATaintedAgentCannotReachASensitiveToolThroughAnother) {
  int num_sent = 0;
  ToolSpec send = Spec("send");
  send.sensitive = true, send.outside = false;
  Agent boss = Named("boss", {Echo(Spec("echo"))}), mailer = Named("mailer", {Echo(send, &num_sent)});
  boss.config.agents = {"mailer"};
  auto life = LifeOf({boss, mailer}, [](const GenerationRequest& request) {
    if (IsFor(request, "mailer")) return Said::Calling("send", R"({"x":"secrets"})");
    return IsFirst(request) ? Said::Calling("echo", R"({"x":"hi"})")
                            : Said::Calling("ask_mailer", R"({"task":"mail"})");
  });
  const auto row = life->Start("go");
  ASSERT_EQ(row->status, RunStatus::kWaiting) << row->outcome.Dump();
  EXPECT_EQ(row->outcome["questions"][0]["question"]["sources"], Json::Array({"echo"}));
  EXPECT_EQ(num_sent, 0);
}

}  // namespace
}  // namespace atelier
