// The foreign MCP servers of a configuration, as agents use them. A server is reached when one of its tools is called
// and not before: its tools are made of the definitions that were approved (mcp_tools.h), so that an application starts
// and its agents are made whether its servers run or not. What is then found is compared with what was approved; a tool
// that is another now, or gone, is not called.
//
//   not reached → (first need) → connected, listed → gone (ended, or the connection broke) → reached anew at next need
//
// A call that was under way when its server went is not made again: it may have had its effect. Of a trusted server,
// definitions are approved as they come; Prepare looks at those never seen.   Loop thread only.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "agent/protocol/mcp_authorizer.h"
#include "agent/protocol/mcp_client.h"
#include "agent/protocol/mcp_config.h"
#include "agent/protocol/mcp_tools.h"
#include "base/net/async_http_client.h"
#include "base/task/stream.h"

namespace atelier {

class McpServers : public std::enable_shared_from_this<McpServers> {
 public:
  // Shows a URL to the user and gives the one that the browser was sent back to.
  using OnAuthorize = std::function<Task<Result<std::string>>(Call, std::string url)>;
  struct Parts {
    Loop& loop;
    AsyncHttpClient& http;
    Files& files;
    std::string folder;  // where approved definitions lie; made when one is
    McpVariables variables = EnvironmentVariable;
    // Of a server by URL; empty, or null where it gives none: without.
    std::function<std::shared_ptr<McpAuthorizer>(const McpServerConfig& config, OnAuthorize authorize)> authorizer = {};
  };
  // What a server says of itself, and how its tools stand.
  struct View {
    struct Tool {
      Json definition;
      McpPins::Standing standing;
    };
    Json info;
    std::string revision = {}, instructions = {};
    std::vector<Tool> tools = {};           // that the configuration lets through
    std::vector<std::string> skipped = {};  // tools that cannot be used, and why
    std::vector<std::string> gone = {};     // approved tools that it has no more
  };

  // Errors: kCorrupt, where what was approved cannot be read.
  static Result<std::shared_ptr<McpServers>> Open(Parts parts, McpServerConfigs configs);
  ~McpServers();

  std::vector<std::string> names() const;
  // Null: there is none of this name, or it is disabled.
  const McpServerConfig* Find(const std::string& name) const;
  // Of all servers, by what was approved. No server is asked.
  AgentTools Tools() const;
  // Whether Tools may give others than when this was last asked.   COST: a stat.
  bool Changed();
  // Why no tool fits a name or glob "SERVER__…", for errors; empty where that is not known.
  std::string WhyNone(const std::string& pattern) const;
  size_t num_approved(const std::string& name) const { return pins_->Of(name).size(); }

  // Looks at trusted servers of which nothing is known yet. What cannot be reached is passed over, with a reason each.
  Task<std::vector<std::string>> Prepare(Call call);
  // From now on a server that wants to know who asks may send the user to a browser; without, it is refused.
  void AuthorizeWith(OnAuthorize authorize) { authorize_ = std::move(authorize); }
  // The server, connected. Errors: kNotFound (the nearest name), kUnavailable and the like, under the server's name.
  Task<Result<std::shared_ptr<McpClient>>> Connect(Call call, std::string name);
  Task<Result<View>> Look(Call call, std::string name);
  Result<void> Approve(const std::string& name, const std::vector<Json>& definitions);
  Result<bool> Forget(const std::string& name, const std::string& tool) { return pins_->Forget(name, tool); }
  // Ends all servers and connections; what needs one later reaches it anew.
  Task<void> Close();

 private:
  struct Server {
    std::string name;
    McpServerConfig config;
    std::shared_ptr<McpClient> client;
    std::vector<Json> definitions;  // as listed last
    bool listed = false, connecting = false;
    Loop::TimePoint listed_at{};
    std::vector<std::shared_ptr<Channel<bool>>> waiting;  // for a connection under way
  };

  McpServers(Parts parts, std::unique_ptr<McpPins> pins) : parts_(std::move(parts)), pins_(std::move(pins)) {}
  Server* FindServer(const std::string& name) const;
  McpToolPolicy PolicyOf(const Server& server) const;
  // The client a call of `tool` goes to, with what the server lists looked at.
  Task<Result<std::shared_ptr<McpClient>>> Reach(Call call, std::string name, std::string tool);
  Task<Result<void>> Ensure(Call call, Server& server);
  Task<Result<void>> Open(Call call, Server& server);
  Task<Result<void>> List(Call call, Server& server);
  Result<std::unique_ptr<McpTransport>> TransportOf(const Server& server) const;
  Result<void> CheckPin(const Server& server, const std::string& tool) const;

  const Parts parts_;
  const std::unique_ptr<McpPins> pins_;
  std::vector<std::unique_ptr<Server>> servers_;  // by name
  OnAuthorize authorize_;
  bool changed_ = false;
};

}  // namespace atelier
