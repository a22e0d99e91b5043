// MCP servers that an editor brings along with a session (session/new): started as child processes, or reached over
// HTTP under the egress policy, when the first prompt comes, ended with the session. Their definitions of tools are a
// stranger's words that a model obeys: one that nobody has approved yet, or that has changed since, is shown to the
// person before it is offered.   Loop thread only.
#pragma once

#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "agent/protocol/acp.h"
#include "agent/protocol/mcp_client.h"
#include "agent/protocol/mcp_tools.h"
#include "base/net/async_http_client.h"
#include "base/net/egress_policy.h"

namespace atelier {

class AcpServers {
 public:
  // Loop and pins outlive it.
  struct Parts {
    IoLoop& loop;
    McpPins& pins;                               // what was approved for good
    std::shared_ptr<const EgressPolicy> egress;  // of servers over HTTP
    std::string folder;                          // that programs start in
  };
  AcpServers(Parts parts, std::vector<AcpMcpServer> servers)
      : parts_(std::move(parts)), http_(parts_.loop), configs_(std::move(servers)) {}

  // Starts those that are not running and asks for their tools; all at once. Gives what went wrong, in words: such a
  // server has no tools, and the next call tries it again.
  Task<std::vector<std::string>> Connect(Call call);
  // Definitions that a person has to see first, by server.
  std::map<std::string, std::vector<Json>> Unapproved() const;
  // `for_good`: of later sessions too.
  Result<void> Approve(const std::string& server, const std::vector<Json>& definitions, bool for_good);
  // Not to be asked again in this session.
  void Refuse(const std::string& server) { refused_.insert(server); }
  // Of all servers, those approved. Each call asks the person, as the session's mode says.
  AgentTools Tools() const;
  // A tool of one of them.
  bool Has(const std::string& tool) const;

 private:
  struct Server {
    std::shared_ptr<McpClient> client;
    std::vector<Json> definitions;
  };
  Result<std::unique_ptr<McpTransport>> TransportOf(const AcpMcpServer& config);
  Task<Result<void>> Start(Call call, const AcpMcpServer& config);

  const Parts parts_;
  AsyncHttpClient http_;
  McpPins of_session_;
  const std::vector<AcpMcpServer> configs_;
  std::map<std::string, Server> servers_;  // that run
  std::set<std::string> refused_;
};

}  // namespace atelier
