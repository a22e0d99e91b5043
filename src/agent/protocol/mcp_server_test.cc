#include "agent/protocol/mcp_server.h"

#include <gtest/gtest.h>

#include "agent/protocol/mcp_session.h"
#include "base/task/manual_loop.h"

namespace atelier {
namespace {

// Asks twice, one after the other, and tells what it was told.
class AskingTools final : public McpTools {
 public:
  std::vector<Json> List(const McpCaller&) override {
    std::vector<Json> tools;
    for (int i = 0; i < num_tools; ++i) {
      const std::string name = i == 0 ? "ask" : "tool" + std::to_string(i);
      tools.push_back(*Json::Parse(R"({"name":")" + name + R"(","inputSchema":{"type":"object",
          "properties":{"n":{"type":"integer"}}}})"));
    }
    return tools;
  }
  Task<Result<Json>> Call(McpContextPtr context, std::string, Json) override {
    ++num_calls;
    const McpQuestion first{"first", "elicitation/create", *Json::Parse(R"({"message":"?","requestedSchema":
        {"type":"object","properties":{"x":{"type":"string"}},"required":["x"]}})")};
    CO_TRY(const Json a, co_await context->Ask(first));
    const McpQuestion second{"second", "roots/list", {}};
    CO_TRY(const Json b, co_await context->Ask(second));
    co_return McpTextResult(a["content"]["x"].AsString() + std::to_string(b["roots"].size()));
  }
  int num_tools = 1;
  int num_calls = 0;
};

class Outlet final : public McpOutlet {
 public:
  bool Send(const RpcMessage& message) override {
    sent.push_back(message);
    return true;
  }
  void End() override { ended = true; }
  std::vector<RpcMessage> sent;
  bool ended = false;
};

struct Fixture {
  ManualLoop loop{11};
  std::shared_ptr<AskingTools> tools = std::make_shared<AskingTools>();
  std::shared_ptr<Outlet> outlet = std::make_shared<Outlet>();
  std::shared_ptr<McpServer> server;

  explicit Fixture(McpLimits limits = {}) {
    McpFeatures features;
    features.tools = tools;
    server = std::make_shared<McpServer>(loop, features, limits);
  }
  static RpcMessage Request(std::string method, Json params) {
    params.Set("_meta", Json::Object({{kMcpMetaRevision, kMcpStateless},
                                      {kMcpMetaCapabilities, *Json::Parse(R"({"elicitation":{},"roots":{}})")}}));
    return RpcMessage::Request(1, std::move(method), std::move(params));
  }
  RpcMessage Ask(RpcMessage request, std::string principal = "me") {
    McpCaller caller;
    caller.principal = std::move(principal);
    if (auto fault = McpServer::ReadCaller(request, caller)) return RpcMessage::Fault(request.id, *fault);
    return loop.Run(server->ServeStateless({}, caller, std::move(request), outlet));
  }
  Json CallParams(Json arguments = Json::Object()) {
    return Json::Object({{"name", "ask"}, {"arguments", std::move(arguments)}});
  }
  // The params of the next round, with the state that `answer` gave.
  Json Next(const RpcMessage& answer, Json responses) {
    Json params = CallParams();
    params.Set("inputResponses", std::move(responses));
    params.Set("requestState", answer.result["requestState"]);
    return params;
  }
};

Json Accept(std::string_view x) { return Json::Object({{"action", "accept"}, {"content", Json::Object({{"x", x}})}}); }
Json OneRoot() { return *Json::Parse(R"({"roots":[{"uri":"file:///a"}]})"); }

TEST(McpServer, AQuestionsAnswerIsKnownInLaterRounds) {
  Fixture f;
  const RpcMessage one = f.Ask(Fixture::Request("tools/call", f.CallParams()));
  EXPECT_EQ(one.result["resultType"].AsString(), "input_required");
  EXPECT_TRUE(one.result["inputRequests"].Has("first"));
  const RpcMessage two = f.Ask(Fixture::Request("tools/call", f.Next(one, Json::Object({{"first", Accept("a")}}))));
  EXPECT_FALSE(two.result["inputRequests"].Has("first"));
  EXPECT_TRUE(two.result["inputRequests"].Has("second"));
  const RpcMessage three = f.Ask(Fixture::Request("tools/call", f.Next(two, Json::Object({{"second", OneRoot()}}))));
  EXPECT_EQ(three.result["content"][0]["text"].AsString(), "a1") << three.Dump();
  EXPECT_EQ(three.result["resultType"].AsString(), "complete");
}

TEST(McpServer, StateIsOfOneCallerAndOneRequest) {
  Fixture f;
  const RpcMessage one = f.Ask(Fixture::Request("tools/call", f.CallParams()));
  const Json answers = Json::Object({{"first", Accept("a")}});
  EXPECT_EQ(f.Ask(Fixture::Request("tools/call", f.Next(one, answers)), "another").error.code,
            RpcError::kInvalidParams);
  Json other = f.Next(one, answers);
  other.Set("arguments", Json::Object({{"n", 5}}));
  EXPECT_EQ(f.Ask(Fixture::Request("tools/call", other)).error.code, RpcError::kInvalidParams);
  Json tampered = f.Next(one, answers);
  tampered.Set("requestState", tampered["requestState"].AsString() + "A");
  EXPECT_EQ(f.Ask(Fixture::Request("tools/call", tampered)).error.code, RpcError::kInvalidParams);
  for (const Json& bad : {Json(7), Json::Object(), Json("")}) {
    tampered.Set("requestState", bad);
    EXPECT_EQ(f.Ask(Fixture::Request("tools/call", tampered)).error.code, RpcError::kInvalidParams) << bad.Dump();
  }
}

TEST(McpServer, StateGrowsOld) {
  McpLimits limits;
  limits.state_time = std::chrono::milliseconds(-1);
  Fixture f(limits);
  const RpcMessage one = f.Ask(Fixture::Request("tools/call", f.CallParams()));
  const RpcMessage two = f.Ask(Fixture::Request("tools/call", f.Next(one, Json::Object())));
  EXPECT_EQ(two.error.code, RpcError::kInvalidParams);
  EXPECT_NE(two.error.message.find("too old"), std::string::npos);
}

TEST(McpServer, AnAnswerThatIsNoneIsAskedForAgain) {
  Fixture f;
  for (const char* answer :
       {R"({"first":{}})", R"({"first":{"action":"perhaps"}})", R"({"first":{"action":"accept"}})",
        R"({"first":{"action":"accept","content":{"x":7}}})", R"({"other":{"action":"accept"}})"}) {
    Json params = f.CallParams();
    params.Set("inputResponses", *Json::Parse(answer));
    const RpcMessage reply = f.Ask(Fixture::Request("tools/call", params));
    EXPECT_TRUE(reply.result["inputRequests"].Has("first")) << answer << reply.Dump();
  }
  for (const char* broken : {"null", "7", "[]", R"({"first":7})"}) {
    Json params = f.CallParams();
    params.Set("inputResponses", *Json::Parse(broken));
    EXPECT_EQ(f.Ask(Fixture::Request("tools/call", params)).error.code, RpcError::kInvalidParams) << broken;
  }
}

TEST(McpServer, WhatTheClientCannotIsSaid) {
  Fixture f;
  RpcMessage request = Fixture::Request("tools/call", f.CallParams());
  request.params.Find("_meta")->Set(kMcpMetaCapabilities, Json::Object());
  const RpcMessage reply = f.Ask(request);
  EXPECT_EQ(reply.error.code, McpFault::kMissingCapability);
  EXPECT_TRUE(reply.error.data["requiredCapabilities"]["elicitation"].is_object());
}

TEST(McpServer, ArgumentsAreHeldAgainstTheSchemaBeforeTheToolIsCalled) {
  Fixture f;
  const RpcMessage reply = f.Ask(Fixture::Request("tools/call", f.CallParams(*Json::Parse(R"({"n":"x"})"))));
  EXPECT_TRUE(reply.result["isError"].AsBool());
  EXPECT_EQ(f.tools->num_calls, 0);
}

TEST(McpServer, PagesFollowEachOtherByCursor) {
  McpLimits limits;
  limits.page_size = 3;
  Fixture f(limits);
  f.tools->num_tools = 7;
  std::vector<std::string> names;
  Json params = Json::Object();
  for (int pages = 0; pages < 5; ++pages) {
    const RpcMessage page = f.Ask(Fixture::Request("tools/list", params));
    for (const Json& tool : page.result["tools"].items()) names.push_back(tool["name"].AsString());
    EXPECT_EQ(page.result["cacheScope"].AsString(), "private");
    if (!page.result.Has("nextCursor")) break;
    params.Set("cursor", page.result["nextCursor"]);
  }
  EXPECT_EQ(names.size(), 7u);
  params.Set("cursor", "3");
  EXPECT_EQ(f.Ask(Fixture::Request("tools/list", params)).error.code, RpcError::kInvalidParams);
}

TEST(McpServer, ListenersHearWhatTheyAskedFor) {
  Fixture f;
  const RpcMessage request =
      Fixture::Request("subscriptions/listen",
                       *Json::Parse(R"({"notifications":{"toolsListChanged":true,"resourceSubscriptions":["a:b"]}})"));
  McpCaller caller;
  ASSERT_FALSE(McpServer::ReadCaller(request, caller));
  std::stop_source stop;
  Call call;
  call.stop = stop.get_token();
  std::optional<RpcMessage> last;
  Spawn(f.server->ServeStateless(call, caller, request, f.outlet),
        [&](RpcMessage answer) { last = std::move(answer); });
  f.loop.RunUntilIdle();
  f.server->ToolsChanged();
  f.server->PromptsChanged();
  f.server->ResourceUpdated("a:b");
  f.server->ResourceUpdated("a:c");
  ASSERT_EQ(f.outlet->sent.size(), 3u);
  EXPECT_EQ(f.outlet->sent[0].method, "notifications/subscriptions/acknowledged");
  EXPECT_EQ(f.outlet->sent[1].method, "notifications/tools/list_changed");
  EXPECT_EQ(f.outlet->sent[2].params["uri"].AsString(), "a:b");
  for (const RpcMessage& message : f.outlet->sent)
    EXPECT_TRUE(message.params["_meta"][kMcpMetaSubscription] == Json(1));
  EXPECT_FALSE(last);
  f.server->Close();
  f.loop.RunUntilIdle();
  ASSERT_TRUE(last);
  EXPECT_EQ(last->result["resultType"].AsString(), "complete");
  f.server->ToolsChanged();
  EXPECT_EQ(f.outlet->sent.size(), 3u);
}

struct SessionFixture : Fixture {
  std::shared_ptr<Outlet> apart = std::make_shared<Outlet>();
  std::shared_ptr<McpSession> session = McpSession::Create(server, "me", apart);

  // Calls that wait for their client end with the session.
  ~SessionFixture() {
    if (session) session->Close();
    loop.RunUntilIdle();
  }
  RpcMessage Say(std::string method, Json params = {}, int id = 1) {
    const size_t before = outlet->sent.size();
    session->Take(RpcMessage::Request(id, std::move(method), std::move(params)), outlet);
    loop.RunUntilIdle();
    return before < outlet->sent.size() ? outlet->sent.back() : RpcMessage();
  }
  void Initialize(std::string_view revision = kMcpStateful) {
    Say("initialize", Json::Object({{"protocolVersion", revision},
                                    {"capabilities", *Json::Parse(R"({"elicitation":{},"roots":{}})")}}));
  }
};

TEST(McpSession, AgreesOnARevisionThatHasSessions) {
  for (const auto& [asked, got] : std::vector<std::pair<std::string, std::string>>{{"2025-11-25", "2025-11-25"},
                                                                                   {"2025-06-18", "2025-06-18"},
                                                                                   {"2026-07-28", "2025-11-25"},
                                                                                   {"x", "2025-11-25"}}) {
    SessionFixture f;
    f.Initialize(asked);
    EXPECT_EQ(f.outlet->sent.back().result["protocolVersion"].AsString(), got);
  }
}

TEST(McpSession, AsksByRequestsOfItsOwn) {
  SessionFixture f;
  f.Initialize();
  f.Say("tools/call", f.CallParams(), 2);
  const RpcMessage first = f.outlet->sent.back();
  EXPECT_EQ(first.method, "elicitation/create");
  f.session->Take(RpcMessage::Answer(first.id, Accept("b")), std::make_shared<Outlet>());
  f.loop.RunUntilIdle();
  const RpcMessage second = f.outlet->sent.back();
  EXPECT_EQ(second.method, "roots/list");
  f.session->Take(RpcMessage::Answer(second.id, OneRoot()), std::make_shared<Outlet>());
  f.loop.RunUntilIdle();
  EXPECT_EQ(f.outlet->sent.back().result["content"][0]["text"].AsString(), "b1");
  EXPECT_EQ(f.tools->num_calls, 1);
}

TEST(McpSession, IsHardToConfuse) {
  SessionFixture f;
  EXPECT_EQ(f.Say("tools/list").error.code, RpcError::kInvalidRequest);  // not initialized
  EXPECT_EQ(f.Say("ping").kind, RpcMessage::Kind::kResult);
  f.Initialize();
  EXPECT_EQ(f.Say("initialize", Json::Object({{"protocolVersion", "2025-11-25"}})).error.code,
            RpcError::kInvalidRequest);
  EXPECT_EQ(f.Say("server/discover").error.code, RpcError::kMethodNotFound);
  EXPECT_EQ(f.Say("tools/list", Json::Array()).error.code, RpcError::kInvalidParams);
  f.session->Take(RpcMessage::Answer(77, Json::Object()), std::make_shared<Outlet>());  // nobody asked
  f.Say("tools/call", f.CallParams(), 5);                                               // waits for its client
  EXPECT_EQ(f.Say("tools/list", {}, 5).error.code, RpcError::kInvalidRequest);          // an id under way
  for (int id = 10; f.session->num_running() < 64; ++id) f.Say("tools/call", f.CallParams(), id);
  EXPECT_EQ(f.Say("tools/list", {}, 1000).error.code, RpcError::kInternal);
}

TEST(McpSession, ACancelledRequestIsNotAnswered) {
  SessionFixture f;
  f.Initialize();
  f.Say("tools/call", f.CallParams(), 5);
  const size_t before = f.outlet->sent.size();
  f.outlet->ended = false;
  f.session->Take(RpcMessage::Notification("notifications/cancelled", Json::Object({{"requestId", 5}})),
                  std::make_shared<Outlet>());
  f.loop.RunUntilIdle();
  EXPECT_EQ(f.session->num_running(), 0u);
  EXPECT_TRUE(f.outlet->ended);
  for (size_t i = before; i < f.outlet->sent.size(); ++i) EXPECT_FALSE(f.outlet->sent[i].is_answer());
}

TEST(McpSession, TellsOfWatchedResources) {
  SessionFixture f;
  f.Initialize();
  f.Say("resources/subscribe", Json::Object({{"uri", "a:b"}}));
  f.server->ResourceUpdated("a:b");
  f.server->ResourceUpdated("a:c");
  f.Say("resources/unsubscribe", Json::Object({{"uri", "a:b"}}));
  f.server->ResourceUpdated("a:b");
  EXPECT_EQ(f.apart->sent.size(), 1u);
}

TEST(McpSession, EndsWithQuestionsOpen) {
  SessionFixture f;
  f.Initialize();
  f.Say("tools/call", f.CallParams(), 5);
  f.session->Close();
  f.loop.RunUntilIdle();
  f.session.reset();
  f.server->ToolsChanged();
  EXPECT_TRUE(f.apart->sent.empty());
}

TEST(McpServer, AStreamOfSubscriptionsEndsWithItsDeadline) {
  Fixture f;
  const Json filter = Json::Object({{"notifications", Json::Object({{"toolsListChanged", true}})}});
  Call call;
  call.deadline = f.loop.Now() + std::chrono::minutes(5);
  const Loop::TimePoint until = call.deadline;
  auto request = Fixture::Request("subscriptions/listen", filter);
  McpCaller caller;
  const RpcMessage last = f.loop.Run(f.server->ServeStateless(call, caller, std::move(request), f.outlet));
  EXPECT_EQ(f.loop.Now(), until);
  EXPECT_EQ(last.result["resultType"], Json("complete"));
}

}  // namespace
}  // namespace atelier
