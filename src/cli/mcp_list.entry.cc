// atelier mcp list
#include <cstdio>

#include "base/net/http_client.h"
#include "cli/mcp_session.h"
#include "cli/terminal_text.h"

namespace atelier {
namespace {

// How it is reached, without what may be secret: arguments, the rest of a URL.
std::string PlaceOf(const McpServerConfig& config) {
  if (config.is_program()) return config.command;
  const auto url = Url::Parse(config.url);
  return url.ok() ? url->host : "a URL";
}

class McpListCommand final : public Command {
 public:
  void Declare(Options& options) override { options.Flag("--check", check_, "reach each, and tell what it says"); }

  Result<void> Run(const Invocation& invocation) override {
    TRY(const auto session, McpServersSession::Open(invocation));
    Json list = Json::Array();
    for (const std::string& name : session->servers().names()) {
      Json one = About(*session, name);
      if (!invocation.json) Show(one);
      list.Push(std::move(one));
    }
    if (invocation.json) invocation.Print(list);
    if (!invocation.json && list.empty()) {
      std::printf("No MCP servers: atelier.yaml has neither mcpServers nor mcp_files with some.\n");
    }
    return {};
  }

 private:
  Json About(McpServersSession& session, const std::string& name) const {
    const McpServerConfig& config = *session.servers().Find(name);
    Json one = Json::Object({{"name", name}, {"transport", config.is_program() ? "stdio" : "http"}});
    one.Set("place", PlaceOf(config));
    one.Set("trusted", config.trusted);
    if (check_) {
      const auto view = session.Look(name);
      if (view.ok()) {
        one.Set("server", view->info);
        one.Set("revision", view->revision);
        one.Set("tools", static_cast<int64_t>(view->tools.size()));
      } else {
        one.Set("error", view.error().Message());
      }
    }
    one.Set("approved_tools", static_cast<int64_t>(session.servers().num_approved(name)));
    return one;
  }

  static void Show(const Json& one) {
    std::printf("%-20s %-6s %s, %lld tools approved%s", ShownText(one, "name").c_str(),
                ShownText(one, "transport").c_str(), ShownText(one, "place").c_str(),
                static_cast<long long>(one["approved_tools"].AsInt64().value_or(0)),
                one["trusted"].AsBool() ? ", trusted" : "");
    if (one.Has("server")) {
      std::printf(" of %lld; %s %s, revision %s", static_cast<long long>(one["tools"].AsInt64().value_or(0)),
                  ShownText(one["server"], "name").c_str(), ShownText(one["server"], "version").c_str(),
                  ShownText(one, "revision").c_str());
    }
    std::printf("%s%s\n", one.Has("error") ? "; " : "", ShownText(one, "error").c_str());
  }

  bool check_ = false;
};

}  // namespace

extern const CommandEntry command_mcp_list{
    "mcp list", "List the foreign MCP servers of atelier.yaml",
    "Those under mcpServers and in the files of mcp_files. None is reached without --check.\n"
    "\n"
    "  atelier mcp list --check",
    []() -> std::unique_ptr<Command> { return std::make_unique<McpListCommand>(); }};

}  // namespace atelier
