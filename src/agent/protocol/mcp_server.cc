#include "agent/protocol/mcp_server.h"

#include <algorithm>
#include <utility>

#include "base/task/patience.h"
#include "base/task/stream.h"

namespace atelier {
namespace {

constexpr std::string_view kStatePurpose = "mcp requestState";
constexpr size_t kMaxListenedTasks = 100;  // of one stream

RpcError FaultText(int64_t code, std::string message, Json data = {}) {
  return {.code = code, .message = std::move(message), .data = std::move(data)};
}

int64_t UnixMs() {
  const auto now = std::chrono::system_clock::now().time_since_epoch();
  return std::chrono::duration_cast<std::chrono::milliseconds>(now).count();
}

// What a request asks for, without what comes along with one attempt: the same for each round of it.
std::string DigestOf(const RpcMessage& request) {
  Json asked = request.params.is_object() ? request.params : Json::Object();
  for (const char* key : {"_meta", "inputResponses", "requestState"}) asked.Erase(key);
  return Base64UrlEncode(Sha256Bytes(request.method + "\n" + asked.Dump({.sort_keys = true})));
}

// Of one stream that `subscriptions/listen` opened.
class StreamListener final : public McpListener {
 public:
  // `tasks`: as they are now, of those that the filter names; told first.
  StreamListener(Loop& loop, Json id, std::string principal, const Json& filter, std::vector<Json> tasks,
                 std::shared_ptr<McpOutlet> outlet)
      : id_(std::move(id)),
        principal_(std::move(principal)),
        tasks_(std::move(tasks)),
        outlet_(std::move(outlet)),
        ended_(Channel<bool>::Create(loop, 1)) {
    for (const Json& task : tasks_) task_ids_.push_back(task["taskId"].AsString());
    if (filter["taskIds"].is_array()) accepted_.Set("taskIds", task_ids_);
    for (const char* kind : {"tools", "prompts", "resources"}) {
      const std::string key = std::string(kind) + "ListChanged";
      const Json& wanted = filter[key];
      if (!wanted.is_bool() || !wanted.AsBool()) continue;
      kinds_.push_back(kind);
      accepted_.Set(key, true);
    }
    const Json& uris = filter["resourceSubscriptions"];
    if (!uris.is_array() || uris.empty()) return;
    for (const Json& uri : uris.items()) {
      if (uri.is_string()) uris_.push_back(uri.AsString());
    }
    accepted_.Set("resourceSubscriptions", uris_);
  }
  void Acknowledge() {
    Tell("notifications/subscriptions/acknowledged", Json::Object({{"notifications", accepted_}}));
    for (Json& task : std::exchange(tasks_, {})) Tell("notifications/tasks", std::move(task));
  }
  void ListChanged(std::string_view kind) override {
    if (std::ranges::find(kinds_, kind) == kinds_.end()) return;
    Tell("notifications/" + std::string(kind) + "/list_changed", Json::Object());
  }
  void ResourceUpdated(const std::string& uri) override {
    if (std::ranges::find(uris_, uri) == uris_.end()) return;
    Tell("notifications/resources/updated", Json::Object({{"uri", uri}}));
  }
  void TaskTurned(const std::string& principal, const Json& task) override {
    if (principal != principal_ || std::ranges::find(task_ids_, task["taskId"].AsString()) == task_ids_.end()) return;
    Tell("notifications/tasks", task);
  }
  void Close() override { ended_->Close(); }
  const std::shared_ptr<Channel<bool>>& ended() const { return ended_; }

 private:
  void Tell(std::string method, Json params) {
    params.Set("_meta", Json::Object({{kMcpMetaSubscription, id_}}));
    if (!outlet_->Send(RpcMessage::Notification(std::move(method), std::move(params)))) ended_->Close();
  }

  const Json id_;
  const std::string principal_;
  std::vector<Json> tasks_;
  std::vector<std::string> task_ids_;
  const std::shared_ptr<McpOutlet> outlet_;
  const std::shared_ptr<Channel<bool>> ended_;
  Json accepted_ = Json::Object();
  std::vector<std::string> kinds_;
  std::vector<std::string> uris_;
};

}  // namespace

struct McpServer::Method {
  std::string_view name;
  Handler handler;
  bool cacheable = false;  // its results carry ttlMs and cacheScope
  bool is_list = false;
  bool may_ask = false;  // may end with `input_required`
};

const McpServer::Method* McpServer::FindMethod(std::string_view name) {
  static constexpr Method kMethods[] = {
      {"server/discover", &McpServer::Discover, true, true},
      {"tools/list", &McpServer::ListTools, true, true},
      {"tools/call", &McpServer::CallTool, false, false, true},
      {"resources/list", &McpServer::ListResources, true, true},
      {"resources/templates/list", &McpServer::ListTemplates, true, true},
      {"resources/read", &McpServer::ReadResource, true, false, true},
      {"prompts/list", &McpServer::ListPrompts, true, true},
      {"prompts/get", &McpServer::GetPrompt, false, false, true},
      {"completion/complete", &McpServer::Complete},
      {"tasks/get", &McpServer::GetTask},
      {"tasks/update", &McpServer::UpdateTask},
      {"tasks/cancel", &McpServer::CancelTask},
  };
  const auto* found = std::ranges::find(kMethods, name, &Method::name);
  return found == std::end(kMethods) ? nullptr : found;
}

McpServer::McpServer(Loop& loop, McpFeatures features, McpLimits limits, Sealer sealer)
    : loop_(loop), features_(std::move(features)), limits_(limits), sealer_(std::move(sealer)) {
  tasks_.SetOnTurn([this](const std::string& principal, const Json& task) {
    for (McpListener* listener : std::list(listeners_)) listener->TaskTurned(principal, task);
  });
}

bool McpServer::Offers(const Method& method) const {
  if (method.name.starts_with("tools/") || method.name.starts_with("tasks/")) return features_.tools != nullptr;
  if (method.name.starts_with("resources/")) return features_.resources != nullptr;
  if (method.name.starts_with("prompts/")) return features_.prompts != nullptr;
  if (method.name.starts_with("completion/")) return features_.completion != nullptr;
  return true;
}

Json McpServer::Lacking(const McpCaller& caller, const RpcMessage& request) const {
  if (KnowsMcpTasks(caller)) return {};
  if (request.method.starts_with("tasks/")) return McpTasksCapability();
  if (request.method != "tools/call" || !caller.stateless() || !request.params["name"].is_string()) return {};
  const bool must = features_.tools->TaskUseOf(request.params["name"].AsString()) == McpTools::TaskUse::kMust;
  return must ? McpTasksCapability() : Json();
}

Task<RpcMessage> McpServer::Serve(McpContextPtr context, RpcMessage request) {
  const Method* method = FindMethod(request.method);
  const bool stateless = context->caller().stateless();
  const bool needs_stateless = request.method == "server/discover" || request.method.starts_with("tasks/");
  if (method == nullptr || !Offers(*method) || (needs_stateless && !stateless)) {
    co_return RpcMessage::Fault(
        request.id, FaultText(RpcError::kMethodNotFound, "Method not found: " + request.method.substr(0, 100)));
  }
  if (!request.params.is_null() && !request.params.is_object()) {
    co_return RpcMessage::Fault(request.id, FaultText(RpcError::kInvalidParams, "params: want an object"));
  }
  if (const Json lacking = Lacking(context->caller(), request); !lacking.is_null()) {
    co_return RpcMessage::Fault(request.id,
                                FaultText(McpFault::kMissingCapability, "Missing required client capability",
                                          Json::Object({{"requiredCapabilities", lacking}})));
  }
  auto serving = (this->*method->handler)(context, request.params.is_null() ? Json::Object() : request.params);
  auto result = co_await std::move(serving);
  if (!context->open_questions().empty() && stateless && method->may_ask) result = InputRequired(*context, request);
  if (!result) co_return FaultOf(*context, request, result.error());
  co_return RpcMessage::Answer(request.id, stateless ? Decorated(*method, *std::move(result)) : *std::move(result));
}

std::optional<RpcError> McpServer::ReadCaller(const RpcMessage& request, McpCaller& caller) {
  const Json& meta = request.params["_meta"];
  if (!meta.is_object()) return FaultText(RpcError::kInvalidParams, "_meta: got none, want an object");
  const Json& revision = meta[kMcpMetaRevision];
  if (!revision.is_string()) {
    return FaultText(RpcError::kInvalidParams, std::string(kMcpMetaRevision) + ": want a string");
  }
  if (revision.AsString() != kMcpStateless) {
    return FaultText(McpFault::kUnsupportedRevision, "Unsupported protocol version",
                     Json::Object({{"supported", McpRevisionsJson()}, {"requested", revision}}));
  }
  const Json& capabilities = meta[kMcpMetaCapabilities];
  if (!capabilities.is_object()) {
    return FaultText(RpcError::kInvalidParams, std::string(kMcpMetaCapabilities) + ": want an object");
  }
  caller.revision = revision.AsString();
  caller.capabilities = capabilities;
  caller.client_info = meta[kMcpMetaClientInfo];
  return std::nullopt;
}

Task<RpcMessage> McpServer::ServeStateless(Call call, McpCaller caller, RpcMessage request,
                                           std::shared_ptr<McpOutlet> outlet) {
  if (request.method == "subscriptions/listen") {
    co_return co_await Listen(std::move(call), std::move(caller), std::move(request), std::move(outlet));
  }
  const Json& meta = request.params["_meta"];
  McpContext::Parts parts;
  const Json& given = request.params["inputResponses"];
  const bool has_given = request.params.Has("inputResponses");
  if (has_given && (!given.is_object() || !std::ranges::all_of(given.members(), [](const JsonMember& member) {
        return member.value.is_object();
      }))) {
    co_return RpcMessage::Fault(request.id,
                                FaultText(RpcError::kInvalidParams, "inputResponses: want an object of objects"));
  }
  if (auto opened = OpenState(caller, request, parts.known); !opened) {
    co_return RpcMessage::Fault(request.id, FaultText(RpcError::kInvalidParams, opened.error().Message()));
  }
  call.deadline = std::min(call.deadline, loop_.Now() + limits_.request_time);
  parts.call = std::move(call);
  parts.caller = std::move(caller);
  parts.outlet = std::move(outlet);
  parts.progress_token = meta["progressToken"];
  parts.log_level = ReadMcpLogLevel(meta[kMcpMetaLogLevel]);
  parts.given = given;
  co_return co_await Serve(std::make_shared<McpContext>(std::move(parts)), std::move(request));
}

Task<std::vector<Json>> McpServer::TasksFor(McpCaller caller, Json ids) {
  std::vector<Json> tasks;
  if (!ids.is_array()) co_return tasks;
  std::vector<std::string> there;
  for (const Json& id : ids.items()) {
    if (there.size() >= kMaxListenedTasks) break;
    if (!id.is_string()) continue;
    const Result<Json> task = co_await tasks_.Get(caller, id.AsString());
    if (task.ok()) there.push_back(id.AsString());
  }
  // As they are once all are here: whoever listens from now on misses no turn.
  for (const std::string& id : there) {
    if (Json task = tasks_.Known(caller, id); !task.is_null()) tasks.push_back(std::move(task));
  }
  co_return tasks;
}

Task<RpcMessage> McpServer::Listen(Call call, McpCaller caller, RpcMessage request, std::shared_ptr<McpOutlet> outlet) {
  const Json& filter = request.params["notifications"];
  if (!filter.is_object()) {
    co_return RpcMessage::Fault(request.id, FaultText(RpcError::kInvalidParams, "notifications: want an object"));
  }
  const Json& ids = filter["taskIds"];
  if (!ids.is_null() && !KnowsMcpTasks(caller)) {
    co_return RpcMessage::Fault(request.id,
                                FaultText(McpFault::kMissingCapability, "Missing required client capability",
                                          Json::Object({{"requiredCapabilities", McpTasksCapability()}})));
  }
  if (num_streams_ >= limits_.max_listeners) {
    co_return RpcMessage::Fault(request.id, FaultText(RpcError::kInternal, "too many listen already; try again later"));
  }
  ++num_streams_;
  std::vector<Json> tasks = co_await TasksFor(caller, ids);
  StreamListener listener(loop_, request.id, caller.principal, filter, std::move(tasks), outlet);
  listener.Acknowledge();
  AddListener(&listener);
  {
    const auto close = [ended = listener.ended()] { ended->Close(); };
    const PatienceWatch watch(loop_, "stream", "listening", {call.deadline, call.stop}, [close](Error) { close(); });
    co_await listener.ended()->NextBatch();
  }
  --num_streams_;
  RemoveListener(&listener);
  const Json meta = Json::Object({{kMcpMetaSubscription, request.id}, {kMcpMetaServerInfo, ServerInfo()}});
  co_return RpcMessage::Answer(request.id, Json::Object({{"resultType", "complete"}, {"_meta", meta}}));
}

void McpServer::ListChanged(std::string_view kind) {
  for (McpListener* listener : std::list(listeners_)) listener->ListChanged(kind);
}

void McpServer::ResourceUpdated(const std::string& uri) {
  for (McpListener* listener : std::list(listeners_)) listener->ResourceUpdated(uri);
}

void McpServer::Close() {
  for (McpListener* listener : std::list(listeners_)) listener->Close();
}

Json McpServer::ServerInfo() const {
  Json info = Json::Object({{"name", features_.name}, {"version", features_.version}});
  if (!features_.title.empty()) info.Set("title", features_.title);
  return info;
}

Json McpServer::Capabilities(bool stateless) const {
  Json capabilities = Json::Object();
  const Json changes = Json::Object({{"listChanged", true}});
  if (features_.tools) capabilities.Set("tools", changes);
  if (features_.prompts) capabilities.Set("prompts", changes);
  if (features_.resources) capabilities.Set("resources", changes).Set("subscribe", true);
  if (features_.completion) capabilities.Set("completions", Json::Object());
  if (!stateless || features_.tools) capabilities.Set("logging", Json::Object());
  if (stateless && features_.tools) capabilities.Set("extensions", McpTasksCapability()["extensions"]);
  return capabilities;
}

Json McpServer::InitializeResult(std::string_view revision) const {
  Json result = Json::Object(
      {{"protocolVersion", revision}, {"capabilities", Capabilities(false)}, {"serverInfo", ServerInfo()}});
  if (!features_.instructions.empty()) result.Set("instructions", features_.instructions);
  return result;
}

Task<Result<Json>> McpServer::Discover(McpContextPtr, Json) {
  Json result = Json::Object({{"supportedVersions", McpRevisionsJson()}, {"capabilities", Capabilities(true)}});
  if (!features_.instructions.empty()) result.Set("instructions", features_.instructions);
  co_return result;
}

Json McpServer::Decorated(const Method& method, Json result) const {
  if (!result.Has("resultType")) result.Set("resultType", "complete");
  Json meta = result["_meta"].is_object() ? result["_meta"] : Json::Object();
  meta.Add(std::string(kMcpMetaServerInfo), ServerInfo());
  result.Set("_meta", std::move(meta));
  if (!method.cacheable || result["resultType"].AsString() != "complete") return result;
  result.Add("ttlMs", method.is_list ? features_.list_ttl.count() : 0);
  result.Add("cacheScope", method.is_list && features_.lists_are_public ? "public" : "private");
  return result;
}

RpcMessage McpServer::FaultOf(const McpContext& context, const RpcMessage& request, const Error& error) const {
  if (context.caller().stateless() && !context.missing().is_null()) {
    return RpcMessage::Fault(request.id, FaultText(McpFault::kMissingCapability, error.Message(),
                                                   Json::Object({{"requiredCapabilities", context.missing()}})));
  }
  if (request.method == "resources/read" && error.kind == ErrorKind::kNotFound) {
    const int64_t code = context.caller().stateless() ? RpcError::kInvalidParams : McpFault::kResourceNotFound;
    return RpcMessage::Fault(request.id, FaultText(code, "Resource not found: " + error.Message(),
                                                   Json::Object({{"uri", request.params["uri"]}})));
  }
  const bool theirs = error.kind == ErrorKind::kInvalid || error.kind == ErrorKind::kNotFound ||
                      error.kind == ErrorKind::kTooLarge || error.kind == ErrorKind::kDenied;
  return RpcMessage::Fault(request.id,
                           FaultText(theirs ? RpcError::kInvalidParams : RpcError::kInternal, error.Message()));
}

Result<Json> McpServer::InputRequired(const McpContext& context, const RpcMessage& request) const {
  Json asked = Json::Object();
  for (const McpQuestion& question : context.open_questions()) {
    Json one = Json::Object({{"method", question.method}});
    one.Set("params", question.params.is_null() ? Json::Object() : question.params);
    asked.Set(question.key, std::move(one));
  }
  Json answers = Json::Object();
  for (const auto& [key, answer] : context.answers()) answers.Set(key, answer);
  const Json state = Json::Object({{"principal", context.caller().principal},
                                   {"until", UnixMs() + limits_.state_time.count()},
                                   {"request", DigestOf(request)},
                                   {"answers", std::move(answers)}});
  const std::string text = state.Dump();
  if (static_cast<int64_t>(text.size()) > limits_.max_state_bytes) {
    return Error::TooLarge("requestState", "got " + std::to_string(text.size()) + " bytes, want at most " +
                                               std::to_string(limits_.max_state_bytes));
  }
  return Json::Object({{"resultType", "input_required"},
                       {"inputRequests", std::move(asked)},
                       {"requestState", sealer_.Seal(text, kStatePurpose)}});
}

Result<void> McpServer::OpenState(const McpCaller& caller, const RpcMessage& request,
                                  std::map<std::string, Json>& known) const {
  const Json* sealed = request.params.Find("requestState");
  if (sealed == nullptr) return {};
  if (!sealed->is_string()) return Error::Invalid("requestState", "want a string");
  if (static_cast<int64_t>(sealed->AsString().size()) > 2 * limits_.max_state_bytes) {
    return Error::Invalid("requestState", "too long");
  }
  auto text = sealer_.Open(sealed->AsString(), kStatePurpose);
  if (!text) return std::move(text).error().Under("requestState");
  TRY(const Json state, Json::Parse(*text));
  if (state["principal"].AsString() != caller.principal) {
    return Error::Denied("requestState", "it was made for another caller");
  }
  if (state["until"].AsInt64().value_or(0) < UnixMs()) return Error::Denied("requestState", "it is too old");
  if (state["request"].AsString() != DigestOf(request)) {
    return Error::Denied("requestState", "it was made for another request");
  }
  for (const JsonMember& member : state["answers"].members()) known.emplace(member.key, member.value);
  return {};
}

}  // namespace atelier
