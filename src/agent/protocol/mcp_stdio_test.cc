// Both sides of stdio: our server over lines, and our client with child processes that lie, flood, hang and die.
#include <gtest/gtest.h>

#include <vector>

#include "agent/protocol/mcp_client.h"
#include "agent/protocol/mcp_line_server.h"
#include "agent/protocol/mcp_stdio_transport.h"
#include "base/net/io_loop.h"
#include "base/task/manual_loop.h"

namespace atelier {
namespace {

class EchoTools final : public McpTools {
 public:
  std::vector<Json> List(const McpCaller&) override {
    return {*Json::Parse(R"({"name":"echo","inputSchema":{"type":"object"}})")};
  }
  Task<Result<Json>> Call(McpContextPtr context, std::string, Json arguments) override {
    if (arguments.Has("wait")) co_await SleepUntil(*loop, Loop::TimePoint::max(), context->call().stop);
    co_return McpTextResult(arguments.Dump());
  }
  Loop* loop = nullptr;
};

struct Lines {
  ManualLoop loop{3};
  std::vector<Json> said;
  std::shared_ptr<EchoTools> tools = std::make_shared<EchoTools>();
  std::shared_ptr<McpServer> server;
  std::shared_ptr<McpLineServer> lines;

  Lines() {
    tools->loop = &loop;
    McpFeatures features;
    features.tools = tools;
    server = std::make_shared<McpServer>(loop, features);
    lines = McpLineServer::Create(server, "", [this](const std::string& line) {
      said.push_back(*Json::Parse(line));
      return true;
    });
  }
  Json Say(const std::string& line) {
    lines->Take(line);
    loop.RunUntilIdle();
    return said.empty() ? Json() : said.back();
  }
  static std::string Stateless(int id, const std::string& method, const std::string& rest) {
    return R"({"jsonrpc":"2.0","id":)" + std::to_string(id) + R"(,"method":")" + method + R"(","params":{)" + rest +
           R"("_meta":{"io.modelcontextprotocol/protocolVersion":"2026-07-28",)" +
           R"("io.modelcontextprotocol/clientCapabilities":{}}}})";
  }
};

TEST(McpLineServer, ServesBothErasOnOneChannel) {
  Lines f;
  EXPECT_TRUE(f.Say(Lines::Stateless(1, "server/discover", ""))["result"].Has("supportedVersions"));
  const Json init = f.Say(R"({"jsonrpc":"2.0","id":2,"method":"initialize","params":{"protocolVersion":"2025-11-25",
      "capabilities":{},"clientInfo":{"name":"a","version":"1"}}})");
  EXPECT_EQ(init["result"]["protocolVersion"].AsString(), "2025-11-25");
  const Json old_list = f.Say(R"({"jsonrpc":"2.0","id":3,"method":"tools/list"})");
  EXPECT_FALSE(old_list["result"].Has("resultType"));
  const Json new_list = f.Say(Lines::Stateless(4, "tools/list", ""));
  EXPECT_EQ(new_list["result"]["resultType"].AsString(), "complete");
}

TEST(McpLineServer, AProbeWithoutMetaIsToldWhatItLacks) {
  Lines f;
  EXPECT_TRUE(f.Say(R"({"jsonrpc":"2.0","id":1,"method":"server/discover"})")["error"]["code"] ==
              Json(RpcError::kInvalidParams));
}

TEST(McpLineServer, SurvivesWhatIsNoMessage) {
  Lines f;
  for (const char* line : {"{", "[]", "7", "null", "\"x\"", "{\"jsonrpc\":\"2.0\"}", "\x01\x02", "[[[[[["}) {
    EXPECT_TRUE(f.Say(line).Has("error")) << line;
  }
  const size_t before = f.said.size();
  f.Say("   ");
  f.Say(R"({"jsonrpc":"2.0","id":5,"result":{}})");
  f.Say(R"({"jsonrpc":"2.0","method":"notifications/cancelled","params":{"requestId":77}})");
  f.Say(R"({"jsonrpc":"2.0","method":"notifications/cancelled"})");
  EXPECT_EQ(f.said.size(), before);
}

TEST(McpLineServer, ACancelledRequestIsNotAnswered) {
  Lines f;
  f.Say(Lines::Stateless(9, "tools/call", R"("name":"echo","arguments":{"wait":1},)"));
  EXPECT_EQ(f.lines->num_running(), 1u);
  f.Say(R"({"jsonrpc":"2.0","method":"notifications/cancelled","params":{"requestId":9}})");
  EXPECT_EQ(f.lines->num_running(), 0u);
  EXPECT_TRUE(f.said.empty());
}

// A client of a server that is a shell script.
Result<std::shared_ptr<McpClient>> Connect(IoLoop& loop, std::string script, std::chrono::milliseconds time) {
  LiveChildSpec spec;
  spec.args = {"sh", "-c", std::move(script)};
  spec.environment = LiveChild::PlainEnvironment();
  spec.max_line_bytes = 1 << 20;
  spec.grace = std::chrono::milliseconds(100);
  McpClientOptions options;
  options.server = "hostile";
  options.era = McpEra::kStateful;
  options.request_time = time;
  auto transport = std::make_unique<McpStdioTransport>(loop, std::move(spec));
  return loop.RunTask(McpClient::Connect({}, loop, std::move(transport), std::move(options)));
}

constexpr std::chrono::milliseconds kLong(120'000);

TEST(McpStdioTransport, AProgramThatIsNotThere) {
  IoLoop loop;
  LiveChildSpec spec;
  spec.args = {"no-such-mcp-server"};
  auto transport = std::make_unique<McpStdioTransport>(loop, std::move(spec));
  const auto got = loop.RunTask(McpClient::Connect({}, loop, std::move(transport), {}));
  ASSERT_FALSE(got);
  EXPECT_EQ(got.error().kind, ErrorKind::kNotFound);
}

TEST(McpStdioTransport, OneThatDiesAtOnceSaysWhy) {
  IoLoop loop;
  const auto got = Connect(loop, "echo 'no licence' >&2; exit 1", kLong);
  ASSERT_FALSE(got);
  EXPECT_EQ(got.error().kind, ErrorKind::kUnavailable);
}

TEST(McpStdioTransport, OneThatHangs) {
  IoLoop loop;
  const auto got = Connect(loop, "sleep 1000", std::chrono::milliseconds(300));
  ASSERT_FALSE(got);
  EXPECT_EQ(got.error().kind, ErrorKind::kTimeout);
}

TEST(McpStdioTransport, OneThatWritesWithoutEnd) {
  IoLoop loop;
  EXPECT_EQ(Connect(loop, "exec cat /dev/zero", kLong).error().kind, ErrorKind::kTooLarge);
  EXPECT_EQ(Connect(loop, "exec yes", kLong).error().kind, ErrorKind::kInvalid);
}

TEST(McpStdioTransport, OneThatAnswersWhatNobodyAsked) {
  IoLoop loop;
  const auto got = Connect(loop, R"(while true; do echo '{"jsonrpc":"2.0","id":99,"result":{}}'; sleep 0.01; done)",
                           std::chrono::milliseconds(500));
  ASSERT_FALSE(got);
  EXPECT_EQ(got.error().kind, ErrorKind::kTimeout);
}

TEST(McpStdioTransport, OneThatLogsToStdoutIsBorneWith) {
  IoLoop loop;
  const auto got = Connect(loop, R"(echo 'Server starting'; read -r line
      echo '{"jsonrpc":"2.0","id":1,"result":{"protocolVersion":"2025-11-25","capabilities":{}}}'
      read -r line; read -r line; exit 0)",
                           kLong);
  ASSERT_TRUE(got) << got.error().Message();
  // It dies while it owes an answer.
  const auto asked = loop.RunTask((*got)->Request({}, "tools/list", {}));
  ASSERT_FALSE(asked);
  EXPECT_EQ(asked.error().kind, ErrorKind::kUnavailable);
}

}  // namespace
}  // namespace atelier
