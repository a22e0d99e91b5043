// The MCP servers of a response under way: what they have is listed, what the model calls there is called, or the user
// is asked first.
//
//   no list of this server in the items before   mcp_list_tools: asked for
//   the user has approved a call                 mcp_call, before the model is asked
//   the model calls                              mcp_call and on with it, or mcp_approval_request and the response ends
//
// A server by URL is a stranger that a client named: everything goes under the egress policy of atelier.yaml. One by
// connector_id is the application's own, with the tools that its owner has approved.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "agent/protocol/mcp_client.h"
#include "app/app.h"
#include "base/net/async_http_client.h"
#include "base/task/call.h"
#include "base/task/task.h"
#include "serve/mcp_tool_body.h"
#include "serve/response_writer.h"

namespace atelier {

class ResponseMcp {
 public:
  struct Options {
    std::vector<McpToolUse> uses;
    std::vector<Json> items;  // all that the response is made of
    Json tool_choice;
    int64_t max_calls = 0;
    std::function<void(std::vector<Json>)> emit;  // takes each event as it comes
  };
  ResponseMcp(App& app, ResponseWriter& writer, Options options)
      : app_(app), writer_(writer), options_(std::move(options)) {}

  // Adds the servers' tools to the request, and what approved calls gave.
  Task<Result<void>> Prepare(Call call, GenerationRequest& request);
  bool Owns(const std::string& function) const { return functions_.contains(function); }
  // Answers the calls that the model has made, in the request that goes on with them. False: it must not go on, the
  // user has been asked.
  Task<Result<bool>> Answer(Call call, std::vector<ToolCallDelta> calls, GenerationRequest& request);
  Task<void> Close();

 private:
  struct Server {
    const McpToolUse* use = nullptr;
    std::shared_ptr<McpClient> client;  // null: not reached yet
  };
  struct Function {
    Server* server = nullptr;
    std::string tool;
    bool wants_approval = true;
  };
  // What became of a call, for the model.
  struct Made {
    std::string id, function, arguments, output;
  };
  Task<Result<std::shared_ptr<McpClient>>> Reach(Call call, Server& server);
  Task<Result<Json>> ListTools(Call call, Server& server);
  Task<Result<void>> AddServer(Call call, Server& server, ToolUse& use);
  Result<void> AddFunction(Server& server, const Json& tool, ToolUse& use);
  Task<Result<void>> MakeApproved(Call call, GenerationRequest& request);
  Task<std::string> Make(Call call, Server& server, ResponseWriter::McpCallStart start);
  Result<void> Choose(ToolUse& use) const;
  // A choice of an MCP tool as one of the functions that stand for it here.
  Json NamedHere(const Json& choice) const;
  void Tell(std::vector<Made> made, GenerationRequest& request) const;

  App& app_;
  ResponseWriter& writer_;
  const Options options_;
  std::unique_ptr<AsyncHttpClient> http_;
  std::vector<std::unique_ptr<Server>> servers_;
  std::map<std::string, Function> functions_;  // by the name that the model knows
  int64_t num_calls_ = 0;
};

}  // namespace atelier
