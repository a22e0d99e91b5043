// A client of one MCP server, for both eras and over any transport. Which era a server is of is found by asking
// `server/discover` first and falling back to `initialize`, or told by the options; after that the same calls do the
// same things in both:
//
//   CO_TRY(auto client, co_await McpClient::Connect(call, loop, std::move(transport), options));
//   CO_TRY(const auto tools, co_await client->ListTools(call));
//   CO_TRY(const Json result, co_await client->CallTool(call, "get_weather", arguments));
//
// What the server asks of us (sampling, elicitation, roots) goes to handlers, whether it comes as a request or within a
// result; what there is no handler for is not declared, and refused if asked all the same. The server is a stranger:
// lists, rounds, questions and messages are bounded, answers to what nobody asked are ignored.   Loop thread only.
#pragma once

#include <chrono>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "agent/protocol/mcp.h"
#include "agent/protocol/mcp_context.h"
#include "agent/protocol/mcp_transport.h"
#include "base/net/json_rpc.h"
#include "base/task/loop.h"
#include "base/task/stop_link.h"

namespace atelier {

struct McpClientHandlers {
  using Handler = std::function<Task<Result<Json>>(Call, Json params)>;
  Handler sample = {};  // sampling/createMessage
  Handler elicit = {};  // elicitation/create; defaults of the form's schema are filled in after it
  Handler roots = {};   // roots/list
  bool elicit_urls = false;
  // What the server tells without being asked: list_changed, resources/updated, message.
  std::function<void(const std::string& method, const Json& params)> on_notification = {};
};

enum class McpEra { kAuto, kStateful, kStateless };

struct McpClientOptions {
  std::string name = "atelier";  // of us
  std::string version = ATELIER_VERSION;
  std::string server = "MCP server";  // how errors call it
  McpEra era = McpEra::kAuto;
  McpClientHandlers handlers = {};
  std::chrono::milliseconds request_time{60'000};  // unless the call's deadline is sooner
  std::chrono::milliseconds probe_time{10'000};    // for server/discover, where the era is not known
  size_t max_items = 2'000;                        // of one list
  int max_pages = 100;
  int max_rounds = 10;        // of one request that has to be answered first
  size_t max_questions = 16;  // of the server, at one time
};

class McpClient : public std::enable_shared_from_this<McpClient> {
 public:
  using OnProgress = std::function<void(double done, double total, std::string message)>;

  static Task<Result<std::shared_ptr<McpClient>>> Connect(Call call, Loop& loop,
                                                          std::unique_ptr<McpTransport> transport,
                                                          McpClientOptions options);
  ~McpClient();

  // The result of any request, with all rounds that it takes. Errors: those of the transport; the server's own, as
  // kUnsupported (no such method), kInvalid (parameters) or kUnavailable, with code "mcp_fault".
  Task<Result<Json>> Request(Call call, std::string method, Json params, OnProgress on_progress = {});

  // Definitions as the server gives them, but for those that may not be used (each with a warning in skipped_tools).
  Task<Result<std::vector<Json>>> ListTools(Call call);
  Task<Result<std::vector<Json>>> ListResources(Call call) { return List(call, "resources/list", "resources"); }
  Task<Result<std::vector<Json>>> ListTemplates(Call call) {
    return List(call, "resources/templates/list", "resourceTemplates");
  }
  Task<Result<std::vector<Json>>> ListPrompts(Call call) { return List(call, "prompts/list", "prompts"); }
  Task<Result<Json>> CallTool(Call call, std::string name, Json arguments, OnProgress on_progress = {});
  Task<Result<Json>> ReadResource(Call call, std::string uri);
  Task<Result<Json>> GetPrompt(Call call, std::string name, Json arguments);
  // Hears of changes until the call is stopped: `filter` as subscriptions/listen has it. With a session that is done
  // beside it all the while, and this only waits.
  Task<Result<void>> Listen(Call call, Json filter);
  // Ends what is under way and says goodbye.
  Task<void> Close();

  // The server is gone for good, or was said goodbye to: nothing more comes of this client.
  bool is_over() const { return over_; }
  bool stateless() const { return stateless_; }
  const std::string& revision() const { return revision_; }
  const Json& server_info() const { return server_info_; }
  const Json& capabilities() const { return capabilities_; }
  const std::string& instructions() const { return instructions_; }
  const std::vector<std::string>& skipped_tools() const { return skipped_tools_; }

 private:
  McpClient(Loop& loop, std::unique_ptr<McpTransport> transport, McpClientOptions options);
  void Begin();
  Task<Result<void>> FindEra(Call call);
  Task<Result<bool>> Discover(Call call);  // false: the server is of the older era
  Task<Result<void>> Initialize(Call call);
  void ListenBeside();
  Task<Result<std::vector<Json>>> List(Call call, std::string method, std::string key);

  // One message to its answer, and nothing more.
  Task<Result<RpcAnswer>> Ask(Call call, std::string method, Json params, McpSending sending, OnProgress on_progress);
  static Task<void> Deliver(std::shared_ptr<McpClient> self, Call call, RpcMessage message, McpSending sending);
  // With a session that was lost begun anew, once.
  Task<Result<RpcAnswer>> AskInSession(Call call, std::string method, Json params, OnProgress on_progress);
  Task<Result<Json>> AnswerQuestions(Call call, Json questions);
  Task<Result<Json>> AnswerOne(Call call, std::string method, Json params);
  static Task<void> AnswerRequest(std::shared_ptr<McpClient> self, RpcMessage request);
  void Tell(std::string method, Json params);

  void OnMessage(RpcMessage message);
  void OnProgressOf(const Json& params);
  McpSending Sending() const;
  McpSending SendingOf(const std::string& method, const Json& params) const;  // with mirrored parameters
  Json Meta(std::string_view revision) const;
  Json OurCapabilities() const;
  Json OurInfo() const;
  Error FaultError(const std::string& method, const RpcError& fault) const;

  Loop& loop_;
  const McpClientOptions options_;
  RpcQuestions questions_;
  std::unique_ptr<McpTransport> transport_;
  std::stop_source closing_;
  std::unique_ptr<StopLink> listening_;  // of the session
  bool stateless_ = false, over_ = false;
  std::string revision_;
  Json server_info_, capabilities_;
  std::string instructions_;
  std::unordered_map<std::string, std::vector<McpMirroredParameter>> mirrored_;  // by tool
  std::vector<std::string> skipped_tools_;
  std::unordered_map<std::string, OnProgress> progress_;  // by token
  int64_t next_token_ = 1;
  size_t num_answering_ = 0;
};

}  // namespace atelier
