// atelier mcp call
#include <cstdio>

#include "cli/mcp_session.h"
#include "cli/terminal_text.h"

namespace atelier {
namespace {

class McpCallCommand final : public Command {
 public:
  void Declare(Options& options) override {
    DeclareMcpServer(options, name_);
    options.Text("tool", tool_, "which of its tools, by its own name");
    options.Required();
    options.Text("arguments", arguments_, "a JSON object");
  }

  Result<void> Run(const Invocation& invocation) override {
    Result<Json> arguments = Json::Parse(arguments_);
    if (!arguments.ok() || !arguments->is_object()) {
      return Error::Invalid("arguments", "got '" + arguments_.substr(0, 80) + "', want a JSON object");
    }
    TRY(const auto session, McpServersSession::Open(invocation));
    if (session->servers().Find(name_) == nullptr) return session->Look(name_).error();
    const std::string function = McpFunctionName(name_, tool_);
    for (const auto& tool : session->servers().Tools()) {
      if (tool->spec().name != function) continue;
      TRY(const ToolOutput output, session->Run(tool->Run(session->MakeCall(), ToolCallInfo(), *std::move(arguments))));
      return Show(invocation, output);
    }
    return Error::NotFound(
        "tool", "got '" + tool_ + "', want one that is approved; `atelier mcp tools " + name_ + "` lists them");
  }

 private:
  Result<void> Show(const Invocation& invocation, const ToolOutput& output) const {
    if (invocation.json) {
      Json parts = Json::Array();
      for (const Json& part : output.parts) parts.Push(part);
      invocation.Print(Json::Object({{"text", output.text},
                                     {"structured", output.structured},
                                     {"parts", std::move(parts)},
                                     {"is_error", output.is_error}}));
    } else {
      std::printf("%s\n", SafeForTerminal(output.text).c_str());
    }
    if (!output.is_error) return {};
    return Error::Unavailable(name_, "the tool '" + tool_ + "' says that it failed");
  }

  std::string name_, tool_, arguments_ = "{}";
};

}  // namespace

extern const CommandEntry command_mcp_call{
    "mcp call", "Call an approved tool of a foreign MCP server",
    "To try a server without a model.\n\n  atelier mcp call time get_current_time '{\"timezone\": \"Europe/Rome\"}'",
    []() -> std::unique_ptr<Command> { return std::make_unique<McpCallCommand>(); }};

}  // namespace atelier
