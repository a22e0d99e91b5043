// The client against our own server in one process, and against servers that lie.
#include "agent/protocol/mcp_client.h"

#include <gtest/gtest.h>

#include <deque>

#include "base/task/manual_loop.h"

namespace atelier {
namespace {

using Reply = std::function<std::vector<RpcMessage>(const RpcMessage&)>;

// A server that says what it is told to, at once.
class PlayedTransport final : public McpTransport {
 public:
  explicit PlayedTransport(Reply reply, bool in_send = true) : reply_(std::move(reply)), in_send_(in_send) {}
  void Start(OnMessage on_message, OnEnd) override { on_message_ = std::move(on_message); }
  Task<Result<void>> Send(Call, RpcMessage message, McpSending) override {
    for (RpcMessage& answer : reply_(message)) on_message_(std::move(answer));
    co_return Result<void>();
  }
  Task<Result<void>> Listen(Call, McpSending) override { co_return Result<void>(); }
  bool answers_in_send() const override { return in_send_; }
  Task<void> Close() override { co_return; }

 private:
  const Reply reply_;
  const bool in_send_;
  OnMessage on_message_;
};

RpcMessage Discovered(const RpcMessage& asked) {
  return RpcMessage::Answer(asked.id, *Json::Parse(R"({"resultType":"complete","supportedVersions":["2026-07-28"],
      "capabilities":{"tools":{}},"instructions":"Be kind.","ttlMs":0,"cacheScope":"private"})"));
}
RpcMessage Unknown(const RpcMessage& asked) {
  return RpcMessage::Fault(asked.id, {.code = RpcError::kMethodNotFound, .message = "no such method", .data = {}});
}

struct Fixture {
  ManualLoop loop{5};
  std::shared_ptr<McpClient> client;
  std::optional<Error> error;

  // `reply`: to everything but server/discover, unless it answers that itself.
  void Connect(Reply reply, McpClientOptions options = {}, bool discovers = true) {
    const auto whole = [reply, discovers](const RpcMessage& message) -> std::vector<RpcMessage> {
      if (discovers && message.method == "server/discover") return {Discovered(message)};
      return reply(message);
    };
    auto connecting = McpClient::Connect({}, loop, std::make_unique<PlayedTransport>(whole), std::move(options));
    auto connected = loop.Run(std::move(connecting));
    if (connected) {
      client = *connected;
    } else {
      error = connected.error();
    }
  }
  Result<Json> Ask(std::string method) { return loop.Run(client->Request({}, std::move(method), {})); }
};

TEST(McpClient, FallsBackToSessionsWhereAServerKnowsNoDiscovery) {
  Fixture f;
  std::vector<std::string> said;
  f.Connect(
      [&](const RpcMessage& message) -> std::vector<RpcMessage> {
        said.push_back(message.method);
        if (message.method == "server/discover") return {Unknown(message)};
        if (message.method != "initialize") return {};
        return {RpcMessage::Answer(message.id, *Json::Parse(R"({"protocolVersion":"2025-06-18","capabilities":{},
            "serverInfo":{"name":"old","version":"1"}})"))};
      },
      {}, false);
  ASSERT_TRUE(f.client) << f.error->Message();
  EXPECT_FALSE(f.client->stateless());
  EXPECT_EQ(f.client->revision(), "2025-06-18");
  EXPECT_EQ(said, (std::vector<std::string>{"server/discover", "initialize", "notifications/initialized"}));
}

TEST(McpClient, RefusesRevisionsThatNobodyKnows) {
  Fixture f;
  McpClientOptions options;
  options.era = McpEra::kStateful;
  f.Connect(
      [](const RpcMessage& message) -> std::vector<RpcMessage> {
        return {RpcMessage::Answer(message.id, *Json::Parse(R"({"protocolVersion":"2099-01-01"})"))};
      },
      options, false);
  ASSERT_TRUE(f.error);
  EXPECT_EQ(f.error->kind, ErrorKind::kUnsupported);
}

TEST(McpClient, KnowsWhatTheServerSaysOfItself) {
  Fixture f;
  f.Connect([](const RpcMessage&) { return std::vector<RpcMessage>(); });
  ASSERT_TRUE(f.client);
  EXPECT_TRUE(f.client->stateless());
  EXPECT_EQ(f.client->instructions(), "Be kind.");
}

TEST(McpClient, ASilentServerIsNoAnswer) {
  Fixture f;
  f.Connect([](const RpcMessage&) { return std::vector<RpcMessage>(); });
  const auto got = f.Ask("tools/list");
  ASSERT_FALSE(got);
  EXPECT_EQ(got.error().kind, ErrorKind::kUnavailable);
}

TEST(McpClient, AnswersToWhatNobodyAskedAreIgnored) {
  Fixture f;
  f.Connect([](const RpcMessage& message) -> std::vector<RpcMessage> {
    return {RpcMessage::Answer(9999, "wrong"),
            RpcMessage::Answer("x", "wrong"),
            RpcMessage::Fault({}, {.code = 1, .message = "wrong", .data = {}}),
            RpcMessage::Notification("notifications/progress", Json::Object({{"progressToken", "p77"}})),
            RpcMessage::Notification("notifications/progress", Json::Array()),
            RpcMessage::Answer(message.id, Json::Object({{"right", true}})),
            RpcMessage::Answer(message.id, "again")};
  });
  const auto got = f.Ask("anything");
  ASSERT_TRUE(got) << got.error().Message();
  EXPECT_TRUE((*got)["right"].AsBool());
}

TEST(McpClient, AnUnknownTypeOfResultIsAnError) {
  Fixture f;
  f.Connect([](const RpcMessage& message) -> std::vector<RpcMessage> {
    return {RpcMessage::Answer(message.id, Json::Object({{"resultType", "later"}}))};
  });
  EXPECT_EQ(f.Ask("tools/list").error().kind, ErrorKind::kInvalid);
}

TEST(McpClient, AServerThatAsksForeverIsLeft) {
  Fixture f;
  int num_asked = 0;
  McpClientOptions options;
  options.handlers.roots = [&](Call, Json) -> Task<Result<Json>> {
    ++num_asked;
    co_return Json::Object({{"roots", Json::Array()}});
  };
  f.Connect(
      [](const RpcMessage& message) -> std::vector<RpcMessage> {
        return {RpcMessage::Answer(message.id, *Json::Parse(R"({"resultType":"input_required","requestState":"s",
            "inputRequests":{"r":{"method":"roots/list"}}})"))};
      },
      options);
  EXPECT_EQ(f.Ask("tools/call").error().kind, ErrorKind::kExhausted);
  EXPECT_EQ(num_asked, 10);
}

TEST(McpClient, WhatHasNoHandlerIsNotAnswered) {
  Fixture f;
  f.Connect([](const RpcMessage& message) -> std::vector<RpcMessage> {
    return {RpcMessage::Answer(message.id, *Json::Parse(R"({"resultType":"input_required",
        "inputRequests":{"r":{"method":"sampling/createMessage","params":{}}}})"))};
  });
  EXPECT_EQ(f.Ask("tools/call").error().kind, ErrorKind::kUnsupported);
}

TEST(McpClient, PagesInACircleEnd) {
  Fixture f;
  f.Connect([](const RpcMessage& message) -> std::vector<RpcMessage> {
    return {RpcMessage::Answer(message.id, *Json::Parse(R"({"tools":[],"nextCursor":"a"})"))};
  });
  EXPECT_FALSE(f.loop.Run(f.client->ListTools({})));
}

TEST(McpClient, EndlessListsEnd) {
  Fixture f;
  int pages = 0;
  f.Connect([&](const RpcMessage& message) -> std::vector<RpcMessage> {
    Json page = Json::Object({{"prompts", Json::Array()}, {"nextCursor", std::to_string(++pages)}});
    for (int i = 0; i < 100; ++i) page.Find("prompts")->Push(Json::Object({{"name", "p"}}));
    return {RpcMessage::Answer(message.id, std::move(page))};
  });
  EXPECT_EQ(f.loop.Run(f.client->ListPrompts({})).error().kind, ErrorKind::kTooLarge);
  EXPECT_LE(pages, 21);
}

TEST(McpClient, ToolsThatMayNotBeUsedAreLeftOut) {
  Fixture f;
  f.Connect([](const RpcMessage& message) -> std::vector<RpcMessage> {
    return {RpcMessage::Answer(message.id, *Json::Parse(R"({"tools":[
        {"name":"good","inputSchema":{"type":"object"}},
        {"name":"good","inputSchema":{"type":"object"},"description":"an impostor"},
        {"name":"","inputSchema":{}}, {"inputSchema":{}}, {"name":7,"inputSchema":{}}, 5, null,
        {"name":"no_schema"},
        {"name":"bad_header","inputSchema":{"properties":{"a":{"type":"number","x-mcp-header":"A"}}}}]})"))};
  });
  const auto tools = f.loop.Run(f.client->ListTools({}));
  ASSERT_TRUE(tools) << tools.error().Message();
  ASSERT_EQ(tools->size(), 1u);
  EXPECT_FALSE((*tools)[0].Has("description"));
  EXPECT_EQ(f.client->skipped_tools().size(), 8u);
}

TEST(McpClient, ProgressReachesWhoAskedForIt) {
  Fixture f;
  f.Connect([](const RpcMessage& message) -> std::vector<RpcMessage> {
    const Json& token = message.params["_meta"]["progressToken"];
    return {RpcMessage::Notification("notifications/progress",
                                     Json::Object({{"progressToken", token}, {"progress", 3}, {"total", 4}})),
            RpcMessage::Answer(message.id, Json::Object())};
  });
  double done = 0;
  const McpClient::OnProgress on_progress = [&](double d, double, std::string) { done = d; };
  EXPECT_TRUE(f.loop.Run(f.client->CallTool({}, "x", {}, on_progress)));
  EXPECT_EQ(done, 3);
}

TEST(McpClient, FaultsAreErrorsOfTheirKind) {
  Fixture f;
  f.Connect([](const RpcMessage& message) { return std::vector<RpcMessage>{Unknown(message)}; });
  const auto got = f.Ask("nothing");
  EXPECT_EQ(got.error().kind, ErrorKind::kUnsupported);
  EXPECT_EQ(got.error().code, "mcp_fault");
}

}  // namespace
}  // namespace atelier
