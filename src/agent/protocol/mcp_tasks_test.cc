#include "agent/protocol/mcp_tasks.h"

#include <gtest/gtest.h>

#include "base/task/manual_loop.h"

namespace atelier {
namespace {

// "fast" ends at once, "slow" when it is stopped, "ask" asks for a name, "both" for two at once, "broken" fails.
class WorkingTools final : public McpTools {
 public:
  explicit WorkingTools(Loop& loop) : loop_(loop) {}
  std::vector<Json> List(const McpCaller&) override { return {}; }
  Task<Result<Json>> Call(McpContextPtr context, std::string name, Json) override {
    EXPECT_TRUE(context->waits());
    if (name == "fast") co_return McpTextResult("done");
    if (name == "slow") co_await SleepUntil(loop_, Loop::TimePoint::max(), context->call().stop);
    if (name == "broken") {
      co_await SleepFor(loop_, std::chrono::seconds(1));
      co_return Error::Internal("tool", "lost").WithCode(kMcpProtocolFault);
    }
    std::vector<McpQuestion> questions;
    for (const char* key : {"a", "b"}) {
      Json params = Json::Object({{"message", key}});
      if (name == "both" || questions.empty()) questions.push_back({key, "elicitation/create", std::move(params)});
    }
    CO_TRY(const auto answers, co_await context->AskAll(std::move(questions)));
    std::string said;
    for (const Json& answer : answers) said += answer["content"]["name"].AsString();
    co_return McpTextResult(said);
  }

 private:
  Loop& loop_;
};

struct Desk {
  ManualLoop loop{3};
  McpTaskDesk desk{loop};
  std::shared_ptr<WorkingTools> tools = std::make_shared<WorkingTools>(loop);

  static McpCaller Caller(std::string principal = "a") {
    McpCaller caller;
    caller.principal = std::move(principal);
    caller.capabilities = *Json::Parse(R"({"elicitation":{},"extensions":{"io.modelcontextprotocol/tasks":{}}})");
    return caller;
  }
  Json Begin(const std::string& name) {
    const auto begun = loop.Run(desk.Begin(tools, Caller(), name, Json::Object()));
    EXPECT_TRUE(begun.ok());
    return *begun;
  }
  Json Get(const std::string& id) {
    loop.RunUntilIdle();
    return desk.Get(Caller(), id).value();
  }
};

Json Named(const char* name) {
  return Json::Object({{"action", "accept"}, {"content", Json::Object({{"name", name}})}});
}

TEST(McpTasks, WhatIsSoonOverIsAnsweredWithoutATask) {
  Desk f;
  EXPECT_EQ(f.Begin("fast")["content"][0]["text"], Json("done"));
}

TEST(McpTasks, ATaskIsCancelledAndStaysSo) {
  Desk f;
  const Json begun = f.Begin("slow");
  EXPECT_EQ(begun["resultType"], Json("task"));
  const std::string id = begun["taskId"].AsString();
  EXPECT_EQ(f.Get(id)["status"], Json("working"));
  EXPECT_EQ(*f.desk.Cancel(Desk::Caller(), id), Json::Object());
  EXPECT_EQ(f.Get(id)["status"], Json("cancelled"));
  EXPECT_EQ(*f.desk.Cancel(Desk::Caller(), id), Json::Object()) << "again is as good";
}

TEST(McpTasks, WhatItAsksIsAnsweredOneByOne) {
  Desk f;
  const std::string id = f.Begin("both")["taskId"].AsString();
  const Json asks = f.Get(id);
  ASSERT_EQ(asks["status"], Json("input_required"));
  ASSERT_EQ(asks["inputRequests"].size(), 2);
  EXPECT_EQ(asks["inputRequests"]["q1"]["method"], Json("elicitation/create"));
  ASSERT_TRUE(f.desk.Update(Desk::Caller(), id, Json::Object({{"q2", Named("Ben")}, {"q9", Named("Eve")}})).ok());
  EXPECT_EQ(f.Get(id)["status"], Json("input_required"));
  EXPECT_FALSE(f.Get(id)["inputRequests"].Has("q2"));
  ASSERT_TRUE(f.desk.Update(Desk::Caller(), id, Json::Object({{"q1", Named("Ana")}})).ok());
  const Json ended = f.Get(id);
  EXPECT_EQ(ended["status"], Json("completed"));
  EXPECT_EQ(ended["result"]["content"][0]["text"], Json("AnaBen"));
}

TEST(McpTasks, CancelledWhileItAsksItEnds) {
  Desk f;
  const std::string id = f.Begin("ask")["taskId"].AsString();
  EXPECT_EQ(f.Get(id)["status"], Json("input_required"));
  ASSERT_TRUE(f.desk.Cancel(Desk::Caller(), id).ok());
  EXPECT_EQ(f.Get(id)["status"], Json("cancelled"));
  EXPECT_FALSE(f.Get(id).Has("inputRequests"));
}

TEST(McpTasks, AFaultOfTheProtocolFailsIt) {
  Desk f;
  const std::string id = f.Begin("broken")["taskId"].AsString();
  f.loop.Run(SleepFor(f.loop, std::chrono::seconds(2)));
  const Json failed = f.Get(id);
  EXPECT_EQ(failed["status"], Json("failed"));
  EXPECT_TRUE(failed["error"]["message"].is_string());
}

TEST(McpTasks, AnothersTaskIsNotThere) {
  Desk f;
  const std::string id = f.Begin("slow")["taskId"].AsString();
  EXPECT_EQ(f.desk.Get(Desk::Caller("b"), id).error().kind, ErrorKind::kInvalid);
  EXPECT_FALSE(f.desk.Update(Desk::Caller("b"), id, Json::Object()).ok());
  EXPECT_FALSE(f.desk.Cancel(Desk::Caller("b"), id).ok());
}

TEST(McpTasks, TheirNumberIsBoundedAndThoseThatEndedGiveWay) {
  ManualLoop loop{3};
  McpTaskDesk::Limits limits;
  limits.max_tasks = 1;
  McpTaskDesk desk(loop, limits);
  const auto tools = std::make_shared<WorkingTools>(loop);
  ASSERT_TRUE(desk.HasRoom());
  const Json begun = *loop.Run(desk.Begin(tools, Desk::Caller(), "slow", Json::Object()));
  EXPECT_FALSE(desk.HasRoom());
  ASSERT_TRUE(desk.Cancel(Desk::Caller(), begun["taskId"].AsString()).ok());
  EXPECT_TRUE(desk.HasRoom());
  EXPECT_FALSE(desk.Get(Desk::Caller(), begun["taskId"].AsString()).ok());
}

}  // namespace
}  // namespace atelier
