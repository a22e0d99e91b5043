// atelier mcp approve
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <iostream>

#include "cli/mcp_session.h"
#include "cli/terminal_text.h"

namespace atelier {
namespace {

class McpApproveCommand final : public Command {
 public:
  void Declare(Options& options) override {
    DeclareMcpServer(options, name_);
    options.Texts("tools", tools_, "which of its tools, by their own names; without, all that are new or changed");
    options.Flag("--yes,-y", yes_, "do not ask");
    options.Flag("--forget", forget_, "take the approval of the named tools back instead");
  }

  Result<void> Run(const Invocation& invocation) override {
    TRY(const auto session, McpServersSession::Open(invocation));
    if (forget_) return Forget(invocation, *session);
    TRY(const McpServers::View view, session->Look(name_));
    TRY(const std::vector<Json> wanted, Choose(view));
    if (!wanted.empty() && !yes_) TRY_VOID(Ask(wanted));
    TRY_VOID(session->servers().Approve(name_, wanted));
    Json names = Json::Array();
    for (const Json& one : wanted) names.Push(one["name"]);
    if (invocation.json) {
      invocation.Print(Json::Object({{"server", name_}, {"approved", std::move(names)}}));
    } else if (wanted.empty()) {
      std::printf("%s: nothing is new or changed\n", name_.c_str());
    } else {
      std::printf("%s: %zu approved\n", name_.c_str(), wanted.size());
    }
    return {};
  }

 private:
  Result<std::vector<Json>> Choose(const McpServers::View& view) const {
    std::vector<Json> wanted;
    std::vector<std::string> left = tools_;
    for (const McpServers::View::Tool& tool : view.tools) {
      const bool named = std::erase(left, tool.definition["name"].AsString()) > 0;
      const bool open = tool.standing != McpPins::Standing::kApproved;
      if (open && (named || tools_.empty())) wanted.push_back(tool.definition);
    }
    if (left.empty()) return wanted;
    return Error::NotFound(name_, "the server has no tool '" + left.front() + "'");
  }

  // What is approved is the definition: all of it is shown.
  Result<void> Ask(const std::vector<Json>& wanted) const {
    if (isatty(STDIN_FILENO) != 1) return Error::Invalid("--yes", "got none, and nobody is there to be asked");
    for (const Json& one : wanted) std::fprintf(stderr, "%s\n", SafeForTerminal(one.DumpPretty()).c_str());
    std::fprintf(stderr, "Models will read these definitions and obey them. Approve %zu? [y/N] ", wanted.size());
    std::string line;
    std::getline(std::cin, line);
    if (line == "y" || line == "yes") return {};
    return Error::Cancelled(name_, "not approved");
  }

  Result<void> Forget(const Invocation& invocation, McpServersSession& session) const {
    if (tools_.empty()) return Error::Invalid("tools", "got none, want the tools to forget");
    for (const std::string& tool : tools_) {
      TRY(const bool was_there, session.servers().Forget(name_, tool));
      if (!was_there) return Error::NotFound(name_, "'" + tool + "' is not approved");
    }
    if (invocation.json) invocation.Print(Json::Object({{"server", name_}, {"forgotten", tools_.size()}}));
    return {};
  }

  std::string name_;
  std::vector<std::string> tools_;
  bool yes_ = false, forget_ = false;
};

}  // namespace

extern const CommandEntry command_mcp_approve{
    "mcp approve", "Let agents use tools of a foreign MCP server as they are defined now",
    "A definition is text that a model reads and obeys, so each is shown and kept by its hash; one that changes later "
    "is "
    "not used until it is approved again.\n"
    "\n"
    "  atelier mcp approve filesystem\n"
    "  atelier mcp approve filesystem read_text_file list_directory --yes",
    []() -> std::unique_ptr<Command> { return std::make_unique<McpApproveCommand>(); }};

}  // namespace atelier
