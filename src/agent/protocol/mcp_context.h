// What a feature of a server knows of the request it works on, and how it reaches the client while it works: log,
// progress, questions. The same code serves both eras (mcp.h):
//
//   CO_TRY(const Json name, co_await context->Ask({"name", "elicitation/create", params}));
//
// With a session, Ask sends a request and waits. Without, it looks for the answer among those that came with this
// request or lie in its sealed state; where there is none the feature's function ends with an error that the server
// turns into `input_required`, and it is called again, from its beginning, once the client has the answer. So what
// stands before the last Ask may run more than once, and must ask in the same order for the same keys.
#pragma once

#include <chrono>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "agent/protocol/mcp.h"
#include "base/result.h"
#include "base/task/call.h"
#include "base/task/task.h"

namespace atelier {

// Where messages go that belong together: the one channel of stdio, or what answers one HTTP request. Loop thread only.
class McpOutlet {
 public:
  virtual ~McpOutlet() = default;
  // Queues; never waits. False: nobody will read it.
  virtual bool Send(const RpcMessage& message) = 0;
  // Nothing more comes for the request that this outlet is of.
  virtual void End() {}
  // The connection may be let go of while the work goes on: the client comes back for the rest after `retry`.
  virtual void LetGo(std::chrono::milliseconds) {}
};

// Who asks, as told by the session or the request.
struct McpCaller {
  std::string revision{kMcpStateless};
  Json client_info = {};
  Json capabilities = Json::Object();
  std::string principal = {};

  bool stateless() const { return revision == kMcpStateless; }
  // By path: "sampling", "elicitation.url".
  bool Can(std::string_view capability) const;
};

// Something that the server has to know from the client.
struct McpQuestion {
  std::string key;     // unique within the request
  std::string method;  // "elicitation/create", "sampling/createMessage", "roots/list"
  Json params = {};
};

class McpContext {
 public:
  struct Parts {
    Call call;
    McpCaller caller;
    std::shared_ptr<McpOutlet> outlet;
    Json progress_token = {};              // null: progress is not asked for
    std::optional<McpLogLevel> log_level;  // nothing: no log is asked for
    std::map<std::string, Json> known;     // answers that the sealed state held
    Json given = {};                       // inputResponses: an object or null
    std::string task_id = {};              // of the task that the call is; empty: of none
    // With a session: sends a request to the client and waits.
    std::function<Task<Result<RpcAnswer>>(Call, std::string method, Json params)> ask = {};
  };
  explicit McpContext(Parts parts) : parts_(std::move(parts)) {}

  const Call& call() const { return parts_.call; }
  const McpCaller& caller() const { return parts_.caller; }
  // Ask waits for the answer: in a session, or in a task. Else what asks begins anew.
  bool waits() const { return static_cast<bool>(parts_.ask); }
  const std::string& task_id() const { return parts_.task_id; }
  void Log(McpLogLevel level, Json data, std::string_view logger = {});
  // `total` 0: not known. `done` only ever rises.
  void Progress(double done, double total = 0, std::string_view message = {});
  void LetGo(std::chrono::milliseconds retry) { parts_.outlet->LetGo(retry); }

  // The client's result. Errors: kUnsupported (the client cannot, by its capabilities), kInvalid (an answer that is
  // none), kUnavailable (the client says no), and what must be passed on as it is.
  Task<Result<Json>> Ask(McpQuestion question);
  // Several at once.
  Task<Result<std::vector<Json>>> AskAll(std::vector<McpQuestion> questions);

  // For the server, after the feature's function has ended.
  const std::vector<McpQuestion>& open_questions() const { return open_; }
  const std::map<std::string, Json>& answers() const { return parts_.known; }
  // What the client lacks, as its capabilities would say it; null: nothing.
  const Json& missing() const { return missing_; }
  void set_log_level(std::optional<McpLogLevel> level) { parts_.log_level = level; }

 private:
  Task<Result<Json>> AskNow(McpQuestion question);
  // From what came along; nothing where it did not, or is no answer.
  std::optional<Json> Known(const McpQuestion& question);
  bool CanAsk(const McpQuestion& question);

  Parts parts_;
  std::vector<McpQuestion> open_;
  Json missing_;
};

// Why `answer` answers no such question, if it does not: its shape, and the form's schema.
Result<void> CheckMcpAnswer(const McpQuestion& question, const Json& answer);

}  // namespace atelier
