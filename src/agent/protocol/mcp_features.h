// What a server offers: interfaces, each of which may be absent. An application implements those it has something for;
// mcp_server.h does the rest (revisions, pages, checks, sealed state, subscriptions).
//
// Lists may depend on who asks. Definitions, contents and results are Json in the protocol's words. Loop thread only.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "agent/protocol/mcp_context.h"
#include "base/result.h"
#include "base/task/task.h"
#include "base/text/json.h"

namespace atelier {

using McpContextPtr = std::shared_ptr<McpContext>;

class McpTools {
 public:
  virtual ~McpTools() = default;
  // {"name", "description", "inputSchema", …} each, in a stable order.
  virtual std::vector<Json> List(const McpCaller& caller) = 0;
  // A tool of the list; `arguments` keep its input schema. {"content", "structuredContent", "isError"}. An error of any
  // kind becomes a result with isError, for the model to read.
  virtual Task<Result<Json>> Call(McpContextPtr context, std::string name, Json arguments) = 0;
  // Whether a call may, or has to, go on as a task (mcp_tasks.h) where the client knows tasks.
  enum class TaskUse : uint8_t { kNever, kMay, kMust };
  virtual TaskUse TaskUseOf(const std::string&) { return TaskUse::kNever; }
  // Before it becomes one: asks what has to be asked first, and gives the call's arguments.
  virtual Task<Result<Json>> BeforeTask(McpContextPtr, std::string, Json arguments) { co_return arguments; }

  // Tasks whose work outlives the server. The id that a call's task shall have, which its context then says
  // (McpContext::task_id); empty: any, and the task is gone with the server.
  virtual std::string NewTaskId(const std::string&) { return {}; }
  struct LeftTask {
    int64_t created_ms = 0;  // since 1970
    bool is_cancelled = false;
  };
  // What an earlier life of the server, or an hour long gone, left under this id, if it is the caller's.
  virtual Task<std::optional<LeftTask>> FindLeft(McpCaller, std::string) { co_return std::nullopt; }
  // Goes on with it, or tells what came of it: as Call.
  virtual Task<Result<Json>> GoOn(McpContextPtr, std::string id) { co_return Error::NotFound("taskId", id); }
  // The work of a task ends for good.
  virtual Task<void> EndTask(std::string) { co_return; }
};
// The code of a tool's error that is the protocol's, not the tool's: a task fails by it.
inline constexpr char kMcpProtocolFault[] = "mcp_protocol_fault";

class McpResources {
 public:
  virtual ~McpResources() = default;
  virtual std::vector<Json> List(const McpCaller& caller) = 0;       // {"uri", "name", …}
  virtual std::vector<Json> Templates(const McpCaller& caller) = 0;  // {"uriTemplate", "name", …}
  // {"contents": […]}. Errors: kNotFound.
  virtual Task<Result<Json>> Read(McpContextPtr context, std::string uri) = 0;
};

class McpPrompts {
 public:
  virtual ~McpPrompts() = default;
  virtual std::vector<Json> List(const McpCaller& caller) = 0;  // {"name", "arguments", …}
  // A prompt of the list, with all arguments that it requires. {"messages", "description"}.
  virtual Task<Result<Json>> Get(McpContextPtr context, std::string name, Json arguments) = 0;
};

class McpCompletion {
 public:
  virtual ~McpCompletion() = default;
  // What an argument may begin with `value` as: of a prompt or a resource template (`reference`), given the other
  // arguments. At most 100 are sent.
  virtual Task<Result<std::vector<std::string>>> Complete(McpContextPtr context, Json reference, std::string argument,
                                                          std::string value, Json others) = 0;
};

struct McpFeatures {
  std::string name = "atelier";
  std::string title = {};
  std::string version = ATELIER_VERSION;
  std::string instructions = {};
  std::shared_ptr<McpTools> tools = {};
  std::shared_ptr<McpResources> resources = {};
  std::shared_ptr<McpPrompts> prompts = {};
  std::shared_ptr<McpCompletion> completion = {};
  // How long clients may keep lists, and whether lists are the same for everybody. What is read is for who asked.
  std::chrono::milliseconds list_ttl{60'000};
  bool lists_are_public = false;
};

}  // namespace atelier
