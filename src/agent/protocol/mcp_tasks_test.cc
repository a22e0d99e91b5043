#include "agent/protocol/mcp_tasks.h"

#include <gtest/gtest.h>

#include "agent/protocol/mcp_server.h"
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
  std::shared_ptr<WorkingTools> tools = std::make_shared<WorkingTools>(loop);
  McpTaskDesk desk{loop, tools};

  static McpCaller Caller(std::string principal = "a") {
    McpCaller caller;
    caller.principal = std::move(principal);
    caller.capabilities = *Json::Parse(R"({"elicitation":{},"extensions":{"io.modelcontextprotocol/tasks":{}}})");
    return caller;
  }
  Json Begin(const std::string& name) {
    const auto begun = loop.Run(desk.Begin(Caller(), name, Json::Object()));
    EXPECT_TRUE(begun.ok());
    return *begun;
  }
  Json Get(const std::string& id) {
    loop.RunUntilIdle();
    return loop.Run(desk.Get(Caller(), id)).value();
  }
  Result<Json> Cancel(const std::string& id, std::string principal = "a") {
    return loop.Run(desk.Cancel(Caller(std::move(principal)), id));
  }
  Result<Json> Update(const std::string& id, Json responses, std::string principal = "a") {
    return loop.Run(desk.Update(Caller(std::move(principal)), id, std::move(responses)));
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
  EXPECT_EQ(*f.Cancel(id), Json::Object());
  EXPECT_EQ(f.Get(id)["status"], Json("cancelled"));
  EXPECT_EQ(*f.Cancel(id), Json::Object()) << "again is as good";
}

TEST(McpTasks, WhatItAsksIsAnsweredOneByOne) {
  Desk f;
  const std::string id = f.Begin("both")["taskId"].AsString();
  const Json asks = f.Get(id);
  ASSERT_EQ(asks["status"], Json("input_required"));
  ASSERT_EQ(asks["inputRequests"].size(), 2);
  EXPECT_EQ(asks["inputRequests"]["q1"]["method"], Json("elicitation/create"));
  ASSERT_TRUE(f.Update(id, Json::Object({{"q2", Named("Ben")}, {"q9", Named("Eve")}})).ok());
  EXPECT_EQ(f.Get(id)["status"], Json("input_required"));
  EXPECT_FALSE(f.Get(id)["inputRequests"].Has("q2"));
  ASSERT_TRUE(f.Update(id, Json::Object({{"q1", Named("Ana")}})).ok());
  const Json ended = f.Get(id);
  EXPECT_EQ(ended["status"], Json("completed"));
  EXPECT_EQ(ended["result"]["content"][0]["text"], Json("AnaBen"));
}

TEST(McpTasks, CancelledWhileItAsksItEnds) {
  Desk f;
  const std::string id = f.Begin("ask")["taskId"].AsString();
  EXPECT_EQ(f.Get(id)["status"], Json("input_required"));
  ASSERT_TRUE(f.Cancel(id).ok());
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
  EXPECT_EQ(f.loop.Run(f.desk.Get(Desk::Caller("b"), id)).error().kind, ErrorKind::kInvalid);
  EXPECT_FALSE(f.Update(id, Json::Object(), "b").ok());
  EXPECT_FALSE(f.Cancel(id, "b").ok());
  EXPECT_TRUE(f.Cancel(id).ok());
  f.loop.RunUntilIdle();
}

// A server whose tool asks, and what its streams are told.
class TellingOutlet final : public McpOutlet {
 public:
  bool Send(const RpcMessage& message) override {
    sent.push_back(message);
    return true;
  }
  std::vector<RpcMessage> sent;
};

class AskingTool final : public McpTools {
 public:
  explicit AskingTool(Loop& loop) : working_(loop) {}
  std::vector<Json> List(const McpCaller&) override {
    return {*Json::Parse(R"({"name":"ask","inputSchema":{"type":"object"}})")};
  }
  TaskUse TaskUseOf(const std::string&) override { return TaskUse::kMay; }
  Task<Result<Json>> Call(McpContextPtr context, std::string name, Json arguments) override {
    return working_.Call(std::move(context), std::move(name), std::move(arguments));
  }

 private:
  WorkingTools working_;
};

struct TaskServer {
  ManualLoop loop{3};
  std::shared_ptr<McpServer> server;

  TaskServer() {
    McpFeatures features;
    features.tools = std::make_shared<AskingTool>(loop);
    server = std::make_shared<McpServer>(loop, features);
  }
  RpcMessage Ask(std::string method, Json params, McpCaller caller = Desk::Caller()) {
    auto request = RpcMessage::Request(1, std::move(method), std::move(params));
    return loop.Run(
        server->ServeStateless({}, std::move(caller), std::move(request), std::make_shared<TellingOutlet>()));
  }
  // What a stream is told that names the task.
  std::shared_ptr<TellingOutlet> Listen(const std::string& id, McpCaller caller, std::stop_token stop) {
    auto outlet = std::make_shared<TellingOutlet>();
    const Json filter = Json::Object({{"taskIds", Json::Array({id, "none"})}});
    auto request = RpcMessage::Request(2, "subscriptions/listen", Json::Object({{"notifications", filter}}));
    Call call;
    call.stop = std::move(stop);
    Spawn(server->ServeStateless(call, std::move(caller), std::move(request), outlet),
          [outlet](RpcMessage answer) { outlet->sent.push_back(std::move(answer)); });
    loop.RunUntilIdle();
    return outlet;
  }
};

TEST(McpTasks, StreamsThatNameATaskAreToldOfItsTurns) {
  TaskServer f;
  const Json arguments = Json::Object({{"name", "ask"}, {"arguments", Json::Object()}});
  const std::string id = f.Ask("tools/call", arguments).result["taskId"].AsString();
  std::stop_source leaves;
  const auto told = f.Listen(id, Desk::Caller(), leaves.get_token());
  const auto others = f.Listen(id, Desk::Caller("b"), leaves.get_token());
  ASSERT_EQ(told->sent.size(), 2u);
  EXPECT_EQ(told->sent[0].params["notifications"]["taskIds"], Json::Array({id}));
  EXPECT_EQ(told->sent[1].method, "notifications/tasks");
  EXPECT_EQ(told->sent[1].params["status"], Json("input_required"));
  EXPECT_TRUE(told->sent[1].params["inputRequests"].Has("q1"));
  EXPECT_EQ(told->sent[1].params["_meta"][kMcpMetaSubscription], Json(2));
  f.Ask("tasks/update", Json::Object({{"taskId", id}, {"inputResponses", Json::Object({{"q1", Named("Ana")}})}}));
  f.loop.RunUntilIdle();
  ASSERT_EQ(told->sent.size(), 4u);
  EXPECT_EQ(told->sent[2].params["status"], Json("working"));
  EXPECT_EQ(told->sent[3].params["status"], Json("completed"));
  EXPECT_EQ(told->sent[3].params["result"]["content"][0]["text"], Json("Ana"));
  ASSERT_EQ(others->sent.size(), 1u) << "another's task is not there";
  EXPECT_TRUE(others->sent[0].params["notifications"]["taskIds"].empty());
  leaves.request_stop();
  f.loop.RunUntilIdle();
}

TEST(McpTasks, WhoListensToThemMustKnowThem) {
  TaskServer f;
  McpCaller caller = Desk::Caller();
  caller.capabilities = Json::Object();
  const Json filter = Json::Object({{"taskIds", Json::Array({"x"})}});
  const RpcMessage refused = f.Ask("subscriptions/listen", Json::Object({{"notifications", filter}}), caller);
  EXPECT_EQ(refused.error.code, McpFault::kMissingCapability);
  EXPECT_EQ(refused.error.data["requiredCapabilities"], McpTasksCapability());
}

TEST(McpTasks, TheirNumberIsBoundedAndThoseThatEndedGiveWay) {
  ManualLoop loop{3};
  McpTaskDesk::Limits limits;
  limits.max_tasks = 1;
  McpTaskDesk desk(loop, std::make_shared<WorkingTools>(loop), limits);
  ASSERT_TRUE(desk.HasRoom());
  const Json begun = *loop.Run(desk.Begin(Desk::Caller(), "slow", Json::Object()));
  const std::string id = begun["taskId"].AsString();
  EXPECT_FALSE(desk.HasRoom());
  ASSERT_TRUE(loop.Run(desk.Cancel(Desk::Caller(), id)).ok());
  EXPECT_TRUE(desk.HasRoom());
  EXPECT_FALSE(loop.Run(desk.Get(Desk::Caller(), id)).ok());
  loop.RunUntilIdle();
}

// Its one task was left by an earlier life of the server; it asks, or was cancelled.
class LastingTools final : public McpTools {
 public:
  std::vector<Json> List(const McpCaller&) override { return {}; }
  Task<Result<Json>> Call(McpContextPtr, std::string, Json) override { co_return McpTextResult("begun anew"); }
  Task<std::optional<LeftTask>> FindLeft(McpCaller caller, std::string id) override {
    if (id != "left" || caller.principal != "a") co_return std::nullopt;
    co_return LeftTask{.created_ms = 1'761'647'400'000, .is_cancelled = ended};
  }
  Task<Result<Json>> GoOn(McpContextPtr context, std::string id) override {
    EXPECT_EQ(context->task_id(), id);
    const McpQuestion question{"name", "elicitation/create", Json::Object({{"message", "?"}})};
    CO_TRY(const Json answer, co_await context->Ask(question));
    co_return McpTextResult(answer["content"]["name"].AsString());
  }
  Task<void> EndTask(std::string) override {
    ended = true;
    co_return;
  }
  bool ended = false;
};

TEST(McpTasks, WhatAnEarlierLifeLeftIsThereAgain) {
  ManualLoop loop{3};
  McpTaskDesk desk(loop, std::make_shared<LastingTools>());
  const Json task = *loop.Run(desk.Get(Desk::Caller(), "left"));
  EXPECT_EQ(task["createdAt"], Json("2025-10-28T10:30:00Z"));
  EXPECT_EQ(task["status"], Json("input_required"));
  ASSERT_EQ(task["inputRequests"].size(), 1);
  const std::string key = task["inputRequests"].members().begin()->key;
  // What it asked before the restart had this key: an answer to that is none to this.
  EXPECT_NE(key, "q1");
  ASSERT_TRUE(loop.Run(desk.Update(Desk::Caller(), "left", Json::Object({{"q1", Named("Eve")}}))).ok());
  EXPECT_EQ((*loop.Run(desk.Get(Desk::Caller(), "left")))["status"], Json("input_required"));
  ASSERT_TRUE(loop.Run(desk.Update(Desk::Caller(), "left", Json::Object({{key, Named("Ana")}}))).ok());
  loop.RunUntilIdle();
  const Json done = *loop.Run(desk.Get(Desk::Caller(), "left"));
  EXPECT_EQ(done["result"]["content"][0]["text"], Json("Ana"));
  EXPECT_FALSE(loop.Run(desk.Get(Desk::Caller("b"), "left")).ok()) << "another's";
  EXPECT_FALSE(loop.Run(desk.Get(Desk::Caller(), "none")).ok());
}

TEST(McpTasks, WhatWasCancelledStaysSoInTheNextLife) {
  ManualLoop loop{3};
  const auto tools = std::make_shared<LastingTools>();
  {
    McpTaskDesk desk(loop, tools);
    ASSERT_TRUE(loop.Run(desk.Cancel(Desk::Caller(), "left")).ok());
    EXPECT_TRUE(tools->ended);
  }
  McpTaskDesk desk(loop, tools);
  EXPECT_EQ((*loop.Run(desk.Get(Desk::Caller(), "left")))["status"], Json("cancelled"));
}

}  // namespace
}  // namespace atelier
