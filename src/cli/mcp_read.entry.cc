// atelier mcp read
#include <cstdio>

#include "agent/protocol/mcp_readers.h"
#include "cli/mcp_session.h"
#include "cli/terminal_text.h"

namespace atelier {
namespace {

class McpReadCommand final : public Command {
 public:
  void Declare(Options& options) override {
    DeclareMcpServer(options, name_);
    options.Text("uri", uri_, "the resource; without, what resources and prompts there are");
    options.Text("--prompt", prompt_, "a prompt instead, by its name");
    options.Texts("--argument,-a", arguments_, "of the prompt, as NAME=VALUE");
  }

  Result<void> Run(const Invocation& invocation) override {
    TRY(const auto session, McpServersSession::Open(invocation));
    McpServers& servers = session->servers();
    const McpReach reach = [&servers, this](Call call, std::string) { return servers.Connect(std::move(call), name_); };
    const AgentTools readers = MakeMcpReaders(reach, {.server = name_});
    const std::string verb = !prompt_.empty() ? "get_prompt" : uri_.empty() ? "list_resources" : "read_resource";
    TRY(Json arguments, Arguments());
    for (const auto& reader : readers) {
      if (reader->spec().name != McpFunctionName(name_, verb)) continue;
      TRY(const ToolOutput output,
          session->Run(reader->Run(session->MakeCall(), ToolCallInfo(), std::move(arguments))));
      Show(invocation, output);
    }
    return {};
  }

 private:
  Result<Json> Arguments() const {
    if (prompt_.empty()) return Json::Object({{"uri", uri_}});
    Json arguments = Json::Object();
    for (const std::string& one : arguments_) {
      const size_t equals = one.find('=');
      if (equals == std::string::npos) return Error::Invalid("--argument", "got '" + one + "', want NAME=VALUE");
      arguments.Set(one.substr(0, equals), one.substr(equals + 1));
    }
    return Json::Object({{"name", prompt_}, {"arguments", std::move(arguments)}});
  }

  static void Show(const Invocation& invocation, const ToolOutput& output) {
    if (!invocation.json) {
      std::printf("%s\n", SafeForTerminal(output.text).c_str());
      return;
    }
    Json parts = Json::Array();
    for (const Json& part : output.parts) parts.Push(part);
    invocation.Print(Json::Object({{"text", output.text}, {"parts", std::move(parts)}}));
  }

  std::string name_, uri_, prompt_;
  std::vector<std::string> arguments_;
};

}  // namespace

extern const CommandEntry command_mcp_read{
    "mcp read", "Read resources and prompts of a foreign MCP server",
    "  atelier mcp read docs\n  atelier mcp read docs file:///srv/notes.md\n"
    "  atelier mcp read docs --prompt summarise -a tone=dry",
    []() -> std::unique_ptr<Command> { return std::make_unique<McpReadCommand>(); }};

}  // namespace atelier
