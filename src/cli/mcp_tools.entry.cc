// atelier mcp tools
#include <cstdio>

#include "cli/mcp_session.h"
#include "cli/terminal_text.h"

namespace atelier {
namespace {

class McpToolsCommand final : public Command {
 public:
  void Declare(Options& options) override { DeclareMcpServer(options, name_); }

  Result<void> Run(const Invocation& invocation) override {
    TRY(const auto session, McpServersSession::Open(invocation));
    TRY(const McpServers::View view, session->Look(name_));
    Json list = Json::Array();
    for (const McpServers::View::Tool& tool : view.tools) {
      const std::string function = McpFunctionName(name_, tool.definition["name"].AsString());
      list.Push(Json::Object(
          {{"function", function}, {"standing", StandingName(tool.standing)}, {"definition", tool.definition}}));
      if (invocation.json) continue;
      std::printf("%-9s %s\n", std::string(StandingName(tool.standing)).c_str(), function.c_str());
      if (const std::string about = ShownText(tool.definition, "description"); !about.empty()) {
        std::printf("          %s\n", about.substr(0, about.find('\n')).c_str());
      }
    }
    if (invocation.json) {
      invocation.Print(list);
      return {};
    }
    for (const std::string& gone : view.gone) std::printf("gone      %s\n", SafeForTerminal(gone).c_str());
    for (const std::string& skipped : view.skipped) std::fprintf(stderr, "%s\n", SafeForTerminal(skipped).c_str());
    return {};
  }

 private:
  std::string name_;
};

}  // namespace

extern const CommandEntry command_mcp_tools{
    "mcp tools", "List the tools of a foreign MCP server, and whether they are approved",
    "Reaches the server. Agents name a tool as it stands here.\n\n  atelier mcp tools filesystem",
    []() -> std::unique_ptr<Command> { return std::make_unique<McpToolsCommand>(); }};

}  // namespace atelier
