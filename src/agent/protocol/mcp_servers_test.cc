// Foreign servers as a configuration has them: files of editors, and a program that changes its tools, dies and comes
// back.
#include "agent/protocol/mcp_servers.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

#include "base/net/io_loop.h"

namespace atelier {
namespace {

std::optional<std::string> Variable(const std::string& name) {
  if (name == "TOKEN") return "s3cret";
  if (name == "HOME") return "/srv/me";
  return std::nullopt;
}

TEST(McpConfig, ReadsWhatEditorsKeep) {
  const auto claude =
      ReadMcpServersFile(R"({"mcpServers":{"fs":{"command":"npx","args":["-y","server-filesystem","/tmp"],
      "env":{"A":"b"},"autoApprove":["read"],"somebody":{"else":1}}},"globalShortcut":"x"})",
                         "/srv/me/claude_desktop_config.json");
  ASSERT_TRUE(claude.ok()) << claude.error().Message();
  EXPECT_EQ(claude->at("fs").args.size(), 3u);
  EXPECT_EQ(claude->at("fs").env.at("A"), "b");
  EXPECT_EQ(claude->at("fs").folder, "/srv/me");
  const auto vscode = ReadMcpServersFile(R"({
      // the team's
      "inputs": [{"id": "key", "type": "promptString"}],
      "servers": {
        "web": {"type": "http", "url": "https://a.example//mcp", "headers": {"X": "Bearer ${input:key}"},}, /* one */
      },
    })",
                                         "/srv/p/.vscode/mcp.json");
  ASSERT_TRUE(vscode.ok()) << vscode.error().Message();
  EXPECT_EQ(vscode->at("web").url, "https://a.example//mcp");
  EXPECT_EQ(vscode->at("web").folder, "/srv/p");
  EXPECT_TRUE(ReadMcpServersFile(R"({"mcp":{"servers":{"a":{"command":"b"}}}})", "settings.json").ok());
}

TEST(McpConfig, FilesThatAreNoneSayWhere) {
  for (const char* text : {"", "[]", "{}", "7", "{\"mcpServers\":[]}", "{\"mcpServers\":{\"a\":7}}", "/*",
                           "{\"servers\"", "{\"mcpServers\":{\"a\":{\"args\":\"x\"}}}", "\"\\", ",}"}) {
    const auto got = ReadMcpServersFile(text, "f.json");
    ASSERT_FALSE(got.ok()) << text;
    EXPECT_TRUE(got.error().where.starts_with("f.json")) << got.error().Message();
  }
}

TEST(McpConfig, VariablesArePutInWhenTheServerIsStarted) {
  McpServerConfig config{.command = "${userHome}/bin/x", .args = {"${workspaceFolder}", "$5 ${NO:-some} ${env:TOKEN}"}};
  config.folder = "/srv/p";
  config.headers = {{"Authorization", "Bearer ${TOKEN}"}};
  const auto got = ExpandMcpServer(config, Variable);
  ASSERT_TRUE(got.ok()) << got.error().Message();
  EXPECT_EQ(got->command, "/srv/me/bin/x");
  EXPECT_EQ(got->args, (std::vector<std::string>{"/srv/p", "$5 some s3cret"}));
  EXPECT_EQ(got->headers.at("Authorization"), "Bearer s3cret");
  config.env = {{"A", "${NO_SUCH}"}};
  EXPECT_EQ(ExpandMcpServer(config, Variable).error().Message(), "env.A: the variable NO_SUCH is not set");
  config.env = {{"A", "${input:key}"}};
  EXPECT_FALSE(ExpandMcpServer(config, Variable).ok());
  // What a variable holds is not looked at again.
  config.env = {{"A", "${X}"}};
  EXPECT_EQ(ExpandMcpServer(config, [](const std::string&) { return "${X}"; })->env.at("A"), "${X}");
}

TEST(McpConfig, AServerIsAProgramOrAUrl) {
  EXPECT_TRUE(CheckMcpServer("a", {.command = "x"}).ok());
  EXPECT_TRUE(CheckMcpServer("a", {.type = "streamable-http", .url = "http://x"}).ok());
  EXPECT_FALSE(CheckMcpServer("a", {}).ok());
  EXPECT_FALSE(CheckMcpServer("a", {.command = "x", .url = "http://x"}).ok());
  EXPECT_FALSE(CheckMcpServer("a", {.type = "http", .command = "x"}).ok());
  EXPECT_FALSE(CheckMcpServer("a/b", {.command = "x"}).ok());
  EXPECT_EQ(CheckMcpServer("a", {.type = "sse", .url = "http://x"}).error().kind, ErrorKind::kUnsupported);
}

// A server that is a shell script: its one tool is described by a file, "die" ends it, each start is counted.
constexpr char kScript[] = R"(echo >> starts
while read -r line; do
  id=$(printf %s "$line" | sed -n 's/.*"id":\([0-9]*\).*/\1/p')
  case "$line" in
    *'"initialize"'*) r='"result":{"protocolVersion":"2025-11-25","capabilities":{"tools":{}},"serverInfo":{"name":"s"}}';;
    *'"tools/list"'*) r='"result":{"tools":[{"name":"do","inputSchema":{"type":"object"},"description":"'$(cat about)'"}]}';;
    *'"die"'*) exit 3;;
    *'"change"'*) echo worse > about; echo '{"jsonrpc":"2.0","method":"notifications/tools/list_changed"}'
                  r='"result":{"content":[]}';;
    *'"tools/call"'*) r='"result":{"content":[{"type":"text","text":"done"}]}';;
    *) r='"error":{"code":-32601,"message":"no"}';;
  esac
  if [ -n "$id" ]; then echo '{"jsonrpc":"2.0","id":'$id','"$r"'}'; fi
done)";

class McpServersTest : public testing::Test {
 protected:
  McpServersTest() {
    char name[] = "/tmp/mcp_servers_XXXXXX";
    folder_ = mkdtemp(name);
    Write("about", "does");
    config_ = {.command = "sh", .args = {"-c", kScript}, .timeout_seconds = 60};
    config_.cwd = folder_;
  }
  ~McpServersTest() override {
    if (servers_) loop_.RunTask(servers_->Close());
    std::filesystem::remove_all(folder_);
  }
  void Write(const std::string& name, const std::string& text) const { std::ofstream(folder_ + "/" + name) << text; }
  int NumStarts() const {
    std::ifstream in(folder_ + "/starts");
    return static_cast<int>(std::count(std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>(), '\n'));
  }
  void Open() {
    McpServers::Parts parts{.loop = loop_, .http = http_, .files = Files::Real(), .folder = folder_ + "/home"};
    auto opened = McpServers::Open(std::move(parts), {{"s", config_}});
    ASSERT_TRUE(opened.ok()) << opened.error().Message();
    servers_ = *opened;
  }
  void ApproveAll() {
    const auto view = loop_.RunTask(servers_->Look({}, "s"));
    ASSERT_TRUE(view.ok()) << view.error().Message();
    ASSERT_EQ(view->tools.size(), 1u);
    ASSERT_TRUE(servers_->Approve("s", {view->tools[0].definition}).ok());
  }
  Result<ToolOutput> Run(const std::string& what = "x") {
    const AgentTools tools = servers_->Tools();
    if (tools.empty()) return Error::NotFound("tools", "none");
    const Json arguments = Json::Object({{"what", what}});
    return loop_.RunTask(tools[0]->Run({}, {}, arguments));
  }

  std::string folder_;
  McpServerConfig config_;
  IoLoop loop_;
  AsyncHttpClient http_{loop_};
  std::shared_ptr<McpServers> servers_;
};

TEST_F(McpServersTest, ToolsThatNobodyApprovedAreNotThere) {
  Open();
  EXPECT_TRUE(servers_->Tools().empty());
  EXPECT_NE(servers_->WhyNone("s__do").find("atelier mcp approve s"), std::string::npos);
  EXPECT_EQ(NumStarts(), 0);
}

TEST_F(McpServersTest, ApprovedToolsAreMadeWithoutTheServerAndStartIt) {
  Open();
  ApproveAll();
  loop_.RunTask(servers_->Close());
  Open();
  ASSERT_EQ(servers_->Tools().size(), 1u);
  EXPECT_EQ(servers_->Tools()[0]->spec().name, "s__do");
  EXPECT_EQ(NumStarts(), 1);
  const auto output = Run();
  ASSERT_TRUE(output.ok()) << output.error().Message();
  EXPECT_EQ(output->text, "done");
  EXPECT_EQ(NumStarts(), 2);
}

TEST_F(McpServersTest, AToolThatChangedIsNotCalled) {
  Open();
  ApproveAll();
  ASSERT_TRUE(Run("change").ok());  // and says so
  const auto output = Run();
  ASSERT_FALSE(output.ok());
  EXPECT_EQ(output.error().code, "mcp_tool_changed");
  ApproveAll();
  EXPECT_TRUE(servers_->Changed());
  EXPECT_TRUE(Run().ok());
}

TEST_F(McpServersTest, OneThatDiesIsStartedAnewForTheNextCall) {
  Open();
  ApproveAll();
  const auto lost = Run("die");
  ASSERT_FALSE(lost.ok());
  EXPECT_EQ(lost.error().kind, ErrorKind::kUnavailable);
  EXPECT_EQ(NumStarts(), 1);  // the call is not made again
  EXPECT_TRUE(Run().ok());
  EXPECT_EQ(NumStarts(), 2);
}

TEST_F(McpServersTest, OneThatCannotBeStartedIsAnErrorOfItsCallsAlone) {
  Open();
  ApproveAll();
  loop_.RunTask(servers_->Close());
  config_.command = "no-such-program";
  Open();
  ASSERT_EQ(servers_->Tools().size(), 1u);
  const auto output = Run();
  ASSERT_FALSE(output.ok());
  EXPECT_TRUE(output.error().Message().starts_with("s: no-such-program")) << output.error().Message();
}

TEST_F(McpServersTest, CallsAtOnceShareOneStart) {
  Open();
  ApproveAll();
  loop_.RunTask(servers_->Close());
  Open();
  const AgentTools tools = servers_->Tools();
  const auto both = [](std::shared_ptr<AgentTool> tool, Loop& loop) -> Task<int> {
    const auto over = Channel<int>::Create(loop, 2);
    for (int i = 0; i < 2; ++i) {
      Spawn(tool->Run({}, {}, Json::Object()), [over](Result<ToolOutput> out) { over->Push(out.ok() ? 1 : 0); });
    }
    int num_done = 0, num_good = 0;
    while (num_done < 2) {
      for (const int good : co_await over->NextBatch()) ++num_done, num_good += good;
    }
    co_return num_good;
  };
  EXPECT_EQ(loop_.RunTask(both(tools[0], loop_)), 2);
  EXPECT_EQ(NumStarts(), 2);
}

TEST_F(McpServersTest, TrustedOnesNeedNoApproval) {
  config_.trusted = true;
  Open();
  EXPECT_TRUE(loop_.RunTask(servers_->Prepare({})).empty());
  EXPECT_TRUE(servers_->Changed());
  EXPECT_TRUE(Run("change").ok());
  EXPECT_TRUE(Run().ok());
  config_.tools = {"other*"};
  Open();
  EXPECT_TRUE(servers_->Tools().empty());
}

TEST_F(McpServersTest, AnotherProcessApproves) {
  Open();
  const auto here = servers_;
  Open();  // the other
  ApproveAll();
  EXPECT_TRUE(here->Changed());
  EXPECT_EQ(here->Tools().size(), 1u);
  EXPECT_FALSE(here->Changed());
}

}  // namespace
}  // namespace atelier
