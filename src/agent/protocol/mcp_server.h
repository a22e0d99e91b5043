// The core of an MCP server, free of transports: takes a request with its context and gives the answer, for both eras.
// McpSession (mcp_session.h) puts the older era's sessions before it, McpHttp and McpStdio the transports.
//
// What a client is told beyond what it asked (lists have changed, a resource was updated) goes to those who listen:
// sessions, and the streams that `subscriptions/listen` opened.   Loop thread only.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <list>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "agent/protocol/mcp_features.h"
#include "agent/protocol/mcp_tasks.h"
#include "base/io/seal.h"
#include "base/task/loop.h"

namespace atelier {

struct McpLimits {
  int64_t max_message_bytes = 16 << 20;
  int64_t max_state_bytes = 1 << 20;  // sealed, of one request
  int page_size = 100;
  int max_running = 64;      // requests of one session or channel at a time
  int max_listeners = 1000;  // streams of subscriptions, of all clients
  std::chrono::milliseconds request_time{600'000};
  std::chrono::milliseconds state_time{3'600'000};  // how long a client may take to answer
};

// Somebody who is told of changes.
class McpListener {
 public:
  virtual ~McpListener() = default;
  virtual void ListChanged(std::string_view kind) = 0;  // "tools", "prompts", "resources"
  virtual void ResourceUpdated(const std::string& uri) = 0;
  // A task of `principal` is in another state, or asks something else.
  virtual void TaskTurned(const std::string& principal, const Json& task) { (void)principal, (void)task; }
  // The server ends.
  virtual void Close() = 0;
};

class McpServer {
 public:
  McpServer(Loop& loop, McpFeatures features, McpLimits limits = {}, Sealer sealer = Sealer());

  // The answer to a request: a result or a fault, never nothing.
  Task<RpcMessage> Serve(McpContextPtr context, RpcMessage request);
  // Who asks, by the `_meta` of a request of the stateless era; or why it cannot be served.
  static std::optional<RpcError> ReadCaller(const RpcMessage& request, McpCaller& caller);
  // Such a request, with what comes along with it. What else it says goes to the outlet, the answer does not.
  Task<RpcMessage> ServeStateless(Call call, McpCaller caller, RpcMessage request, std::shared_ptr<McpOutlet> outlet);

  // Changes, as the application makes them.
  void ToolsChanged() { ListChanged("tools"); }
  void PromptsChanged() { ListChanged("prompts"); }
  void ResourcesChanged() { ListChanged("resources"); }
  void ResourceUpdated(const std::string& uri);
  // Ends every stream of subscriptions with a last word.
  void Close();

  void AddListener(McpListener* listener) { listeners_.push_back(listener); }
  void RemoveListener(McpListener* listener) { listeners_.remove(listener); }

  Json InitializeResult(std::string_view revision) const;
  Json ServerInfo() const;
  // The definition of a tool that `caller` may call; null where there is none.
  Json FindTool(const McpCaller& caller, std::string_view name) const;
  const McpLimits& limits() const { return limits_; }
  Loop& loop() { return loop_; }

 private:
  using Handler = Task<Result<Json>> (McpServer::*)(McpContextPtr, Json params);
  struct Method;
  static const Method* FindMethod(std::string_view name);
  bool Offers(const Method& method) const;
  Task<RpcMessage> Listen(Call call, McpCaller caller, RpcMessage request, std::shared_ptr<McpOutlet> outlet);
  // Those of the tasks that a stream names which are the caller's.
  Task<std::vector<Json>> TasksFor(McpCaller caller, Json ids);
  Json Capabilities(bool stateless) const;
  Json Decorated(const Method& method, Json result) const;
  RpcMessage FaultOf(const McpContext& context, const RpcMessage& request, const Error& error) const;
  Result<Json> InputRequired(const McpContext& context, const RpcMessage& request) const;
  // Nothing, or why the sealed state is not this request's.
  Result<void> OpenState(const McpCaller& caller, const RpcMessage& request, std::map<std::string, Json>& known) const;
  void ListChanged(std::string_view kind);

  Task<Result<Json>> Discover(McpContextPtr context, Json params);
  Task<Result<Json>> ListTools(McpContextPtr context, Json params);
  Task<Result<Json>> CallTool(McpContextPtr context, Json params);
  Task<Result<Json>> ListResources(McpContextPtr context, Json params);
  Task<Result<Json>> ListTemplates(McpContextPtr context, Json params);
  Task<Result<Json>> ReadResource(McpContextPtr context, Json params);
  Task<Result<Json>> ListPrompts(McpContextPtr context, Json params);
  Task<Result<Json>> GetPrompt(McpContextPtr context, Json params);
  Task<Result<Json>> Complete(McpContextPtr context, Json params);
  Task<Result<Json>> GetTask(McpContextPtr context, Json params);
  Task<Result<Json>> UpdateTask(McpContextPtr context, Json params);
  Task<Result<Json>> CancelTask(McpContextPtr context, Json params);
  // What the caller lacks for this request; null: nothing.
  Json Lacking(const McpCaller& caller, const RpcMessage& request) const;
  Result<Json> Page(std::string_view key, std::vector<Json> items, const Json& params) const;

  Loop& loop_;
  const McpFeatures features_;
  const McpLimits limits_;
  const Sealer sealer_;
  std::list<McpListener*> listeners_;
  int num_streams_ = 0;
  McpTaskDesk tasks_{loop_, features_.tools};
};

}  // namespace atelier
